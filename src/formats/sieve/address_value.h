// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: addresses as values of tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/mime/entity.h"
#include "formats/sieve/program.h"

namespace kontor::sieve {

// Whether `text` is exactly one address with a host, without anything around the local part and the host but angle
// brackets and a name.
bool is_address(std::string_view text);
// The "local@host" of such a text.
std::string bare_address(std::string_view text);

// The part of an address that a test asked for (RFC 5228 section 2.7.4, RFC 5233 section 4): nothing if it has none.
std::optional<std::string> address_part(const mime::Address& address, Tag part, char delimiter);

}  // namespace kontor::sieve
