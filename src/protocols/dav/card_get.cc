// SPDX-License-Identifier: AGPL-3.0-or-later
// In which version a card is read.
#include <charconv>

#include "base/bytes.h"
#include "protocols/dav/card.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

std::string_view trim_card_word(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\"");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\"") - first + 1);
}

// Up to the next `separator`, which goes too.
std::string_view take_card_word(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view word = trim_card_word(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// "0.5" in thousandths; what is no such number is 1.
int weight_of(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
  int out = (text[0] - '0') * 1000;
  if (out == 1000 || text.size() < 3 || text[1] != '.') return out;
  int unit = 100;
  for (const char c : text.substr(2, 3)) {
    if (c < '0' || c > '9') break;
    out += (c - '0') * unit;
    unit /= 10;
  }
  return out;
}

}  // namespace

vcard::Version accepted_version(std::string_view accept, vcard::Version present) {
  constexpr int kUnnamed = -1, kRefused = -2;
  int best[2] = {kUnnamed, kUnnamed};  // by version
  while (!accept.empty()) {
    std::string_view range = take_card_word(accept, ',');
    const std::string type = to_lower(take_card_word(range, ';'));
    if (type != "text/vcard" && type != "text/*" && type != "*/*") continue;
    int weight = 1000;
    std::string_view version;
    while (!range.empty()) {
      const std::string_view parameter = take_card_word(range, ';');
      const auto equals = std::min(parameter.find('='), parameter.size());
      const std::string_view value = trim_card_word(parameter.substr(std::min(equals + 1, parameter.size())));
      const std::string name = to_lower(trim_card_word(parameter.substr(0, equals)));
      if (name == "q") weight = weight_of(value);
      if (name == "version") version = value;
    }
    if (weight == 0) weight = kRefused;
    // Without a version: whichever it is. A range that names more says more than one that names less.
    if (version == "3.0" || (version.empty() && best[0] == kUnnamed)) best[0] = weight;
    if (version == "4.0" || (version.empty() && best[1] == kUnnamed)) best[1] = weight;
  }
  if (best[0] == best[1]) return present;
  return best[0] > best[1] ? vcard::Version::v3 : vcard::Version::v4;
}

Outcome<Response> get_card(Context& context, const Resource& resource) {
  const auto accept = context.header("accept");
  if (accept.find("version") == std::string_view::npos) return do_get(context, resource);
  TRY(const auto bytes,
      whole_content(context, *resource.account, resource.entry->item, context.options.largest_object));
  const auto present = groupware::card_version(*bytes);
  const vcard::Version wanted = accepted_version(accept, present.value_or(vcard::Version::v3));
  if (!present || wanted == *present) return do_get(context, resource);
  TRY(const auto reader, context.reader(*resource.account));
  if (const auto checked = check_conditions(context, *reader, resource); !checked) {
    if (checked.error().status != 304) return std::unexpected(checked.error());
    return Response{.status = 304, .headers = {{"ETag", resource.entry->etag}, {"Vary", "Accept"}}};
  }
  // The ETag is the card's, in whichever version it is read: it says what If-Match will be compared with.
  Response response{.status = 200,
                    .content_type = wanted == vcard::Version::v4 ? "text/vcard; charset=utf-8; version=4.0"
                                                                 : "text/vcard; charset=utf-8; version=3.0",
                    .headers = {{"ETag", resource.entry->etag},
                                {"Vary", "Accept"},
                                {"Cache-Control", "private, no-cache"},
                                {"X-Content-Type-Options", "nosniff"}}};
  std::string text = groupware::render_card(*bytes, {.version = wanted, .only = {}});
  response.length = text.size();
  if (context.request.method != "HEAD") response.body = std::move(text);
  return response;
}

}  // namespace kontor::dav
