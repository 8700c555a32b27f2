// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_body.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/html_page.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/rtf_body.h"
#include "formats/mapi/rtf_compressed.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostShownIds = 10'000;
constexpr std::size_t kLongestId = 500;

}  // namespace

MailBody mail_body(const Properties& message, std::vector<std::string>& losses) {
  MailBody body;
  if (const std::string* text = message.text(tag::kBody)) body.plain = *text;
  if (auto html = html_of(message)) body.html = with_true_charset(*std::move(html));
  const std::string* compressed = message.bytes(tag::kRtfCompressed);
  if (body.html || compressed == nullptr || compressed->empty()) return body;
  auto rtf = decompress_rtf(*compressed);
  if (!rtf) {
    losses.push_back("The formatted text cannot be read: " + rtf.error().text);
    return body;
  }
  RtfBody inside = read_rtf_body(rtf->rtf);
  if (rtf->is_damaged || inside.is_damaged)
    losses.emplace_back("The formatted text is damaged; some of it may be missing.");
  if (inside.kind == RtfBody::Kind::html)
    body.html = with_true_charset(std::move(inside.text));
  else if (!body.plain || body.plain->empty())
    body.plain = std::move(inside.text);
  if (inside.kind == RtfBody::Kind::rtf) body.rtf = std::move(rtf->rtf);
  return body;
}

std::set<std::string> shown_content_ids(std::string_view html) {
  std::set<std::string> found;
  std::size_t at = 3;
  while (at < html.size() && found.size() < kMostShownIds) {
    const std::size_t colon = html.find(':', at);
    if (colon == std::string_view::npos) break;
    at = colon + 1;
    if (!iequals(html.substr(colon - 3, 3), "cid")) continue;
    std::string id;
    // What is read as an id is not looked at again: a text of nothing else would take long.
    for (; at < html.size() && id.size() < kLongestId; ++at) {
      if (std::string_view("\"'<> \t\r\n)").contains(html[at])) break;
      const auto escaped = html[at] == '%' ? from_hex(html.substr(at + 1, 2)) : std::nullopt;
      id += escaped && escaped->size() == 1 ? (*escaped)[0] : html[at];
      if (escaped && escaped->size() == 1) at += 2;
    }
    if (!id.empty()) found.insert(to_lower(id));
  }
  return found;
}

}  // namespace kontor::mapi
