// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_body.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/rtf_body.h"
#include "formats/mapi/rtf_compressed.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kHtmlHead = 8 << 10;  // where an HTML text names its charset
constexpr std::size_t kMostShownIds = 10'000;
constexpr std::size_t kLongestId = 500;

// The text is UTF-8 now, whatever its <meta> said: what is saved from the mail must not be read otherwise.
std::string with_true_charset(std::string html) {
  constexpr std::string_view kCharset = "charset=";
  const std::string head = to_lower(std::string_view(html).substr(0, kHtmlHead));
  const std::size_t meta = head.find("<meta");
  if (meta == std::string::npos) return html;
  std::size_t begin = head.find(kCharset, meta);
  if (begin == std::string::npos) return html;
  begin += kCharset.size();
  if (begin < head.size() && (head[begin] == '"' || head[begin] == '\'')) ++begin;
  std::size_t end = begin;
  const auto is_of_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || std::string_view("-_:.+").contains(c);
  };
  while (end < head.size() && is_of_name(head[end])) ++end;
  if (end > begin && end < head.size()) html.replace(begin, end - begin, "utf-8");
  return html;
}

std::optional<std::string> html_of(const Properties& message) {
  if (const std::string* text = message.text(tag::kHtml); text != nullptr && !text->empty())
    return with_true_charset(*text);
  const std::string* bytes = message.bytes(tag::kHtml);
  if (bytes == nullptr || bytes->empty()) return std::nullopt;
  return with_true_charset(decode_page(*bytes, message.integer(tag::kInternetCodepage).value_or(0)));
}

}  // namespace

MailBody mail_body(const Properties& message, std::vector<std::string>& losses) {
  MailBody body;
  if (const std::string* text = message.text(tag::kBody)) body.plain = *text;
  body.html = html_of(message);
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
  for (std::size_t at = 0; at + 4 < html.size() && found.size() < kMostShownIds;) {
    const std::size_t colon = html.find(':', at + 3);
    if (colon == std::string_view::npos) break;
    at = colon - 2;
    if (!iequals(html.substr(colon - 3, 3), "cid")) continue;
    std::string id;
    for (std::size_t i = colon + 1; i < html.size() && id.size() < kLongestId; ++i) {
      if (std::string_view("\"'<> \t\r\n)").contains(html[i])) break;
      const auto escaped = html[i] == '%' ? from_hex(html.substr(i + 1, 2)) : std::nullopt;
      id += escaped && escaped->size() == 1 ? (*escaped)[0] : html[i];
      if (escaped && escaped->size() == 1) i += 2;
    }
    if (!id.empty()) found.insert(to_lower(id));
  }
  return found;
}

}  // namespace kontor::mapi
