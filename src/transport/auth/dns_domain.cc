// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dns_domain.h"

#include "base/bytes.h"
#include "directory/address.h"

namespace kontor::transport {

std::string dns_domain(std::string_view name) {
  if (is_ascii(name)) return std::string(name);
  return directory::parse_domain(name).value_or(std::string(name));
}

}  // namespace kontor::transport
