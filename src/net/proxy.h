// SPDX-License-Identifier: AGPL-3.0-or-later
// The PROXY protocol, version 2 (haproxy's proxy-protocol.txt, section 2.2): what a load balancer says about its
// client.
//
//   0..11  signature "\r\n\r\n\0\r\nQUIT\n"
//   12     version (2) and command (0 LOCAL, 1 PROXY)
//   13     family (1 IPv4, 2 IPv6, 3 Unix, 0 unspecified) and transport (1 stream)
//   14,15  length of what follows, big-endian
//   16...  source address, destination address, source port, destination port, then TLVs
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/address.h"

namespace kontor::net {

constexpr std::size_t kProxyHeadSize = 16;
constexpr std::size_t kMaxProxySize = 4096;  // of the whole header, TLVs included

// The size of the whole header, from its first kProxyHeadSize bytes. Errors: invalid (not version 2; version 1 is
// named), too_large.
Result<std::size_t> proxy_header_size(std::string_view head);

// The client behind the proxy, from a whole header. Nothing for a connection of the proxy's own (LOCAL, a health check)
// or of a family without an IP address: then the peer stays what it is. Errors: invalid.
Result<std::optional<Endpoint>> parse_proxy_header(std::string_view header);

}  // namespace kontor::net
