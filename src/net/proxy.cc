// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/proxy.h"

#include <cstring>

namespace kontor::net {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

unsigned byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }
std::uint16_t port_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint16_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1));
}

}  // namespace

Result<std::size_t> proxy_header_size(std::string_view head) {
  if (head.starts_with("PROXY "))
    return fail(Errc::invalid, "The proxy speaks version 1 of the PROXY protocol; only version 2 is taken.");
  if (head.size() < kProxyHeadSize || !head.starts_with(kSignature))
    return fail(Errc::invalid, "There is no PROXY protocol header.");
  if (byte_at(head, 12) >> 4 != 2) return fail(Errc::invalid, "The PROXY protocol header is not of version 2.");
  std::size_t size = kProxyHeadSize + port_at(head, 14);
  if (size > kMaxProxySize) return fail(Errc::too_large, "The PROXY protocol header is too long.");
  return size;
}

Result<std::optional<Endpoint>> parse_proxy_header(std::string_view header) {
  TRY(std::size_t size, proxy_header_size(header));
  if (header.size() != size) return fail(Errc::invalid, "The PROXY protocol header is cut off.");
  unsigned command = byte_at(header, 12) & 0xf;
  if (command == 0) return std::nullopt;
  if (command != 1) return fail(Errc::invalid, "The PROXY protocol header has an unknown command.");
  unsigned family = byte_at(header, 13);
  std::string_view rest = header.substr(kProxyHeadSize);
  Endpoint out;
  if (family == 0x11) {
    if (rest.size() < 12) return fail(Errc::invalid, "The PROXY protocol header has no room for its addresses.");
    out.ip.bytes[10] = out.ip.bytes[11] = 0xff;
    std::memcpy(out.ip.bytes.data() + 12, rest.data(), 4);
    out.port = port_at(rest, 8);
  } else if (family == 0x21) {
    if (rest.size() < 36) return fail(Errc::invalid, "The PROXY protocol header has no room for its addresses.");
    std::memcpy(out.ip.bytes.data(), rest.data(), 16);
    out.port = port_at(rest, 32);
  } else if (family == 0 || family == 0x31) {
    return std::nullopt;
  } else {
    return fail(Errc::invalid, "The PROXY protocol header has an unknown address family.");
  }
  return out;
}

}  // namespace kontor::net
