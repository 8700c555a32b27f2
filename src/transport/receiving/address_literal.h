// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail to an address instead of a name: "ada@[192.0.2.1]" (RFC 5321 section 4.1.3). Whoever may name addresses could
// have this machine talk to its neighbours, or to itself as somebody it trusts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"

namespace kontor::transport {

enum class AddressLiterals : std::uint8_t {
  refuse,
  outside,  // those that anybody on the Internet may have, and that are not this machine's
  all
};

bool is_literal(std::string_view domain);
// "[192.0.2.1]", "[IPv6:2001:db8::1]". Nothing if it is none.
std::optional<net::IpAddress> literal_address(std::string_view domain);

// Why mail may not go there: a sentence; nothing if it may, or if `domain` is a name.
std::optional<std::string> literal_fault(std::string_view domain, AddressLiterals allowed);

}  // namespace kontor::transport
