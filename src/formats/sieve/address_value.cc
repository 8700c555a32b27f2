// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/address_value.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/header.h"

namespace kontor::sieve {
namespace {

std::optional<mime::Address> only_address(std::string_view text) {
  const bool has_control =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
  if (text.size() > 500 || has_control) return std::nullopt;
  auto addresses = mime::parse_addresses(text, 2);
  if (addresses.size() != 1) return std::nullopt;
  mime::Address& address = addresses.front();
  const auto has_blank = [](const std::string& part) { return part.find(' ') != std::string::npos; };
  if (address.mailbox.empty() || address.host.empty() || has_blank(address.host) || has_blank(address.mailbox))
    return std::nullopt;
  if (address.host.find_first_of("@<>()\",;\\") != std::string::npos || address.host.starts_with('.') ||
      address.host.ends_with('.'))
    return std::nullopt;
  return std::move(address);
}

}  // namespace

bool is_address(std::string_view text) { return only_address(text).has_value(); }

std::string bare_address(std::string_view text) {
  const auto address = only_address(text);
  return address ? address->mailbox + "@" + address->host : std::string(text);
}

std::optional<std::string> address_part(const mime::Address& address, Tag part, char delimiter) {
  const auto at = address.mailbox.find(delimiter);
  switch (part) {
    case Tag::localpart:
      return address.mailbox;
    case Tag::domain:
      return address.host;
    case Tag::user:
      return address.mailbox.substr(0, at);
    case Tag::detail:
      if (at == std::string::npos) return std::nullopt;
      return address.mailbox.substr(at + 1);
    default:
      break;
  }
  return address.host.empty() ? address.mailbox : address.mailbox + "@" + address.host;
}

}  // namespace kontor::sieve
