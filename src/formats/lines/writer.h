// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes components as RFC 5545 section 3.1 and RFC 6350 section 3.2 want them: CRLF, lines of at most 75 octets folded
// between characters, parameters quoted where they must be (RFC 6868). What is written reads back the same.
#pragma once

#include <string>

#include "formats/lines/component.h"

namespace kontor::lines {

void append(const Component& component, std::string& out);
std::string write(const Component& component);

}  // namespace kontor::lines
