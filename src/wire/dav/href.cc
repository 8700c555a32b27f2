// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/href.h"

#include <fmt/format.h>

#include <iterator>

#include "base/bytes.h"
#include "wire/http/head.h"

namespace kontor::wire::dav {
namespace {

// RFC 3986 section 3.3: pchar without "&", which would want to be written in another way in XML, and "/".
bool may_stand(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return is_letter || std::string_view("-._~!$'()*+,;=:@/").find(c) != std::string_view::npos;
}

std::string_view without_usual_port(std::string_view host, bool is_https) {
  const std::string_view port = is_https ? ":443" : ":80";
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

}  // namespace

std::string encode_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (may_stand(c))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Parsed<std::string> decode_href(std::string_view href, std::string_view host) {
  const auto scheme = href.find("://");
  if (!href.starts_with('/')) {
    const bool is_https = iequals(href.substr(0, 8), "https://");
    if (!is_https && !iequals(href.substr(0, 7), "http://")) return refuse("That is no path and no URI.");
    const std::string_view behind = href.substr(scheme + 3);
    const std::string_view named = behind.substr(0, behind.find('/'));
    if (!iequals(without_usual_port(named, is_https), without_usual_port(host, is_https)))
      return refuse("That is on another host.", 502);
  }
  auto target = http::parse_target(href);
  if (!target) return refuse(target.error().why, target.error().status);
  return std::move(target->path);
}

}  // namespace kontor::wire::dav
