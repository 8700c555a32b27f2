// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/mailto.h"

#include "base/bytes.h"
#include "formats/mime/body_codec.h"
#include "formats/sieve/address_value.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxUri = 8 << 10;
constexpr std::size_t kMaxRecipients = 16;

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '%') {
      if (text[i] <= 32) return std::nullopt;
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? mime::hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? mime::hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

bool add_recipients(std::string_view list, Mailto& mailto) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto address = unescape(list.substr(0, comma));
    if (!address || !is_address(*address) || mailto.recipients.size() == kMaxRecipients) return false;
    mailto.recipients.push_back(bare_address(*address));
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return true;
}

}  // namespace

std::optional<Mailto> parse_mailto(std::string_view uri) {
  constexpr std::string_view kScheme = "mailto:";
  if (uri.size() > kMaxUri || !iequals(uri.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  Mailto mailto;
  const auto question = uri.find('?');
  if (!add_recipients(uri.substr(0, question), mailto)) return std::nullopt;
  std::string_view fields = question == std::string_view::npos ? "" : uri.substr(question + 1);
  while (!fields.empty()) {
    const auto end = fields.find('&');
    const std::string_view field = fields.substr(0, end);
    fields = end == std::string_view::npos ? "" : fields.substr(end + 1);
    const auto equals = field.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = unescape(field.substr(0, equals)), value = unescape(field.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    if (iequals(*name, "subject")) mailto.subject = value;
    if (iequals(*name, "body")) mailto.body = value;
    const bool is_recipient = iequals(*name, "to") || iequals(*name, "cc") || iequals(*name, "bcc");
    if (is_recipient && !add_recipients(field.substr(equals + 1), mailto)) return std::nullopt;
  }
  if (mailto.recipients.empty()) return std::nullopt;
  return mailto;
}

}  // namespace kontor::sieve
