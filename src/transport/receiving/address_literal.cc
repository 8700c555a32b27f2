// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/address_literal.h"

#include "base/bytes.h"
#include "net/own_address.h"

namespace kontor::transport {

bool is_literal(std::string_view domain) { return domain.starts_with('['); }

std::optional<net::IpAddress> literal_address(std::string_view domain) {
  if (!domain.starts_with('[') || !domain.ends_with(']') || domain.size() < 3) return std::nullopt;
  std::string_view inside = domain.substr(1, domain.size() - 2);
  if (iequals(inside.substr(0, 5), "ipv6:")) inside.remove_prefix(5);
  return net::parse_ip(inside);
}

std::optional<std::string> literal_fault(std::string_view domain, AddressLiterals allowed) {
  if (!is_literal(domain)) return std::nullopt;
  const auto address = literal_address(domain);
  if (!address) return "That is no address of a host";
  if (allowed == AddressLiterals::all) return std::nullopt;
  if (allowed == AddressLiterals::refuse) return "Mail goes to names of domains, not to addresses of hosts";
  if (net::is_outside(*address)) return std::nullopt;
  return "Mail does not go to that address";
}

}  // namespace kontor::transport
