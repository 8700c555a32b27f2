// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dns_domain.h"

#include <algorithm>

#include "directory/address.h"

namespace kontor::transport {

std::string dns_domain(std::string_view name) {
  const bool is_ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) return std::string(name);
  return directory::parse_domain(name).value_or(std::string(name));
}

}  // namespace kontor::transport
