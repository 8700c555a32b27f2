// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/dns/server_address.h"

#include <fmt/format.h>

#include "net/address.h"

namespace kontor::transport {

Result<std::string> dns_server_address(std::string_view text) {
  if (auto ip = net::parse_ip(text)) return net::to_string(*ip) + "@53";
  TRY(net::Endpoint endpoint, net::parse_endpoint(text));
  if (endpoint.is_unix || endpoint.any_family || endpoint.port == 0)
    return fail(Errc::invalid, fmt::format("\"{}\" is no address of a DNS server.", text));
  return fmt::format("{}@{}", net::to_string(endpoint.ip), endpoint.port);
}

}  // namespace kontor::transport
