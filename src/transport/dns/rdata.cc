// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/dns/rdata.h"

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace kontor::transport::rdata {
namespace {

std::uint8_t octet(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::optional<net::IpAddress> address(std::string_view bytes) {
  net::IpAddress out;
  if (bytes.size() == 4) out.bytes[10] = out.bytes[11] = 0xff;
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), out.bytes.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return out;
}

std::optional<std::string> take_name(std::string_view& bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t size = octet(bytes, 0);
    if (size > 63 || bytes.size() < size + 1) return std::nullopt;
    const std::string_view label = bytes.substr(1, size);
    bytes.remove_prefix(size + 1);
    if (size == 0) return out;
    if (!std::ranges::all_of(label, is_host_byte)) return std::nullopt;
    if (!out.empty()) out += '.';
    out += label;
    if (out.size() > 253) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<MxRecord> mx(std::string_view bytes) {
  if (bytes.size() < 3) return std::nullopt;
  MxRecord out;
  out.preference = static_cast<std::uint16_t>(octet(bytes, 0) << 8 | octet(bytes, 1));
  bytes.remove_prefix(2);
  auto host = take_name(bytes);
  if (!host || !bytes.empty()) return std::nullopt;
  out.host = *std::move(host);
  return out;
}

std::optional<SrvRecord> srv(std::string_view bytes) {
  if (bytes.size() < 7) return std::nullopt;
  const auto number = [&](std::size_t at) {
    return static_cast<std::uint16_t>(octet(bytes, at) << 8 | octet(bytes, at + 1));
  };
  SrvRecord out{number(0), number(2), number(4), ""};
  bytes.remove_prefix(6);
  auto host = take_name(bytes);
  if (!host || !bytes.empty()) return std::nullopt;
  out.host = to_lower(*host);
  return out;
}

std::optional<std::string> txt(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  std::string out;
  while (!bytes.empty()) {
    const std::size_t size = octet(bytes, 0);
    if (bytes.size() < size + 1) return std::nullopt;
    out += bytes.substr(1, size);
    bytes.remove_prefix(size + 1);
  }
  return out;
}

std::optional<std::string> ptr(std::string_view bytes) {
  auto host = take_name(bytes);
  if (!host || host->empty() || !bytes.empty()) return std::nullopt;
  return to_lower(*host);
}

std::optional<TlsaRecord> tlsa(std::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  return TlsaRecord{octet(bytes, 0), octet(bytes, 1), octet(bytes, 2), std::string(bytes.substr(3))};
}

}  // namespace kontor::transport::rdata
