// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/authorization.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::wire::http {
namespace {

// RFC 6750 section 2.1.
bool is_token68(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-._~+/").contains(c);
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::optional<Authorization> parse_authorization(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, space);
  text.remove_prefix(std::min(text.find_first_not_of(' ', space), text.size()));
  if (!is_token68(text)) return std::nullopt;
  if (iequals(scheme, "bearer")) return Authorization{Authorization::Scheme::bearer, {}, std::string(text)};
  if (!iequals(scheme, "basic")) return std::nullopt;
  const auto pair = from_base64(text);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos || has_control(*pair)) return std::nullopt;
  return Authorization{Authorization::Scheme::basic, pair->substr(0, colon), pair->substr(colon + 1)};
}

}  // namespace kontor::wire::http
