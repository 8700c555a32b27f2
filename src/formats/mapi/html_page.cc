// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/html_page.h"

#include <string_view>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/tags.h"
#include "formats/mime/charset.h"
#include "formats/mime/decode.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kHtmlHead = 8 << 10;  // where an HTML text names its charset
constexpr std::int64_t kPageOfUtf8 = 65001;

// Where the first <meta> that names a charset has the name. Empty: nowhere.
std::string_view named_charset(std::string_view html) {
  constexpr std::string_view kCharset = "charset=";
  const std::string head = to_lower(html.substr(0, kHtmlHead));
  const std::size_t meta = head.find("<meta");
  if (meta == std::string::npos) return {};
  std::size_t begin = head.find(kCharset, meta);
  if (begin == std::string::npos) return {};
  begin += kCharset.size();
  if (begin < head.size() && (head[begin] == '"' || head[begin] == '\'')) ++begin;
  std::size_t end = begin;
  const auto is_of_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || std::string_view("-_:.+").contains(c);
  };
  while (end < head.size() && is_of_name(head[end])) ++end;
  return end < head.size() ? html.substr(begin, end - begin) : std::string_view();
}

bool is_name_of_utf8(std::string_view charset) { return iequals(charset, "utf-8") || iequals(charset, "utf8"); }

std::string decode_html(std::string_view bytes, const Properties& item) {
  const std::int64_t page = item.integer(tag::kInternetCodepage).value_or(0);
  const std::string said = charset_of_code_page(page);
  const bool is_wrong = page == kPageOfUtf8 && !mime::is_utf8(bytes);
  if (!said.empty() && !is_wrong && mime::is_known_charset(said)) return decode_page(bytes, page);
  const std::string_view named = named_charset(bytes);
  // UTF-16 could not have been found by a search for ASCII.
  const bool is_usable = !named.empty() && !to_lower(named).starts_with("utf-16") &&
                         !(is_name_of_utf8(named) && !mime::is_utf8(bytes)) && mime::is_known_charset(named);
  if (is_usable) return mime::to_utf8(bytes, named).text;
  if (mime::is_utf8(bytes)) return std::string(bytes);
  return decode_page(bytes, is_wrong ? 0 : item.integer(tag::kMessageCodepage).value_or(0));
}

}  // namespace

std::optional<std::string> html_of(const Properties& item) {
  if (const std::string* text = item.text(tag::kHtml); text != nullptr && !text->empty()) return *text;
  const std::string* bytes = item.bytes(tag::kHtml);
  if (bytes == nullptr || bytes->empty()) return std::nullopt;
  return decode_html(*bytes, item);
}

std::string with_true_charset(std::string html) {
  const std::string_view named = named_charset(html);
  if (named.empty()) return html;
  const auto begin = static_cast<std::size_t>(named.data() - html.data());
  html.replace(begin, named.size(), "utf-8");
  return html;
}

}  // namespace kontor::mapi
