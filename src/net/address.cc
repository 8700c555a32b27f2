// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kontor::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class T>
std::optional<T> parse_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || value > max) return std::nullopt;
  return static_cast<T>(value);
}

}  // namespace

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;
  return *this == one;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.empty() || text.size() > 45) return std::nullopt;
  std::string copy(text);
  IpAddress out;
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1 && copy.size() == std::strlen(copy.c_str())) return out;
  out.bytes = {};
  std::copy(kMapped.begin(), kMapped.end(), out.bytes.begin());
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data() + 12) == 1 && copy.size() == std::strlen(copy.c_str()))
    return out;
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.is_v4())
    inet_ntop(AF_INET, address.bytes.data() + 12, text, sizeof text);
  else
    inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

std::string reverse_name(const IpAddress& address) {
  const auto& b = address.bytes;
  if (address.is_v4()) return fmt::format("{}.{}.{}.{}.in-addr.arpa", b[15], b[14], b[13], b[12]);
  std::string out;
  for (std::size_t i = b.size(); i-- > 0;) out += fmt::format("{:x}.{:x}.", b[i] & 15, b[i] >> 4);
  return out + "ip6.arpa";
}

bool Network::contains(const IpAddress& address) const {
  for (unsigned bit = 0; bit < prefix; bit += 8) {
    unsigned left = prefix - bit;
    auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
    if ((base.bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

Result<Network> parse_network(std::string_view text) {
  std::size_t slash = text.find('/');
  auto base = parse_ip(text.substr(0, slash));
  if (!base) return fail(Errc::invalid, fmt::format("\"{}\" is not an IP address or network.", text));
  Network out{*base, 128};
  if (slash == std::string_view::npos) return out;
  bool is_short = text.substr(0, slash).find(':') == std::string_view::npos;
  auto prefix = parse_number<std::uint8_t>(text.substr(slash + 1), is_short ? 32 : 128);
  if (!prefix) return fail(Errc::invalid, fmt::format("\"{}\" has no valid prefix length.", text));
  out.prefix = static_cast<std::uint8_t>(is_short ? *prefix + 96 : *prefix);
  for (unsigned bit = out.prefix; bit < 128; ++bit)
    if (base->bytes[bit / 8] & (0x80 >> bit % 8))
      return fail(Errc::invalid, fmt::format("\"{}\" has bits set behind its prefix length.", text));
  return out;
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.is_unix) return endpoint.unix_path.empty() ? "unix" : "unix:" + endpoint.unix_path;
  if (endpoint.any_family) return fmt::format("*:{}", endpoint.port);
  if (endpoint.ip.is_v4()) return fmt::format("{}:{}", to_string(endpoint.ip), endpoint.port);
  return fmt::format("[{}]:{}", to_string(endpoint.ip), endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  auto invalid = [&](const char* why) { return fail(Errc::invalid, fmt::format("\"{}\" {}", text, why)); };
  Endpoint out;
  if (text.starts_with("unix:")) {
    out.is_unix = true;
    out.unix_path = text.substr(5);
    if (out.unix_path.empty()) return invalid("names no path of a Unix socket.");
    if (out.unix_path.size() > 107) return invalid("is too long for a Unix socket (107 bytes).");
    if (out.unix_path.find('\0') != std::string::npos) return invalid("has a NUL in its path.");
    return out;
  }
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid("has no port: write ADDRESS:PORT.");
  auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 65535);
  if (!port) return invalid("has no valid port.");
  out.port = *port;
  std::string_view host = text.substr(0, colon);
  if (host == "*") {
    out.any_family = true;
    return out;
  }
  bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  auto ip = parse_ip(host);
  bool has_colon = host.find(':') != std::string_view::npos;
  if (!ip || has_colon != is_bracketed)
    return invalid("has no valid address: write 192.0.2.1:PORT, [2001:db8::1]:PORT or *:PORT.");
  out.ip = *ip;
  return out;
}

}  // namespace kontor::net
