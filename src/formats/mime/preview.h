// SPDX-License-Identifier: AGPL-3.0-or-later
// The first words of a message's text, for lists (RFC 8970).
#pragma once

#include <string>
#include <string_view>

#include "formats/mime/entity.h"

namespace kontor::mime {

constexpr std::size_t kPreviewHead = 64 << 10;   // how much of a message is looked at
constexpr std::size_t kPreviewCharacters = 200;  // RFC 8970 section 3.1

// `head` is the beginning of the message that `entity` was parsed from. Of plain text and HTML the first that is body
// text, the plain one of alternatives; without quoted lines where there are others. UTF-8 of at most kPreviewCharacters
// code points in one line; empty if there is no text within `head`.
std::string preview(const Entity& entity, std::string_view head);

// The same from the bytes alone.
std::string preview(std::string_view head);

}  // namespace kontor::mime
