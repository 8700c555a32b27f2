// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/item_body.h"

#include "formats/mapi/html_page.h"
#include "formats/mapi/rtf_body.h"
#include "formats/mapi/rtf_compressed.h"
#include "formats/mapi/tags.h"
#include "formats/mime/html_text.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLongestOfHtml = std::size_t{1} << 20;

void take_rtf(const std::string& bytes, ItemBody& body) {
  const auto rtf = decompress_rtf(bytes);
  if (!rtf) {
    body.is_all = body.is_all && bytes.empty();
    return;
  }
  RtfBody found = read_rtf_body(rtf->rtf);
  body.is_all = !rtf->is_damaged && !found.is_damaged;
  if (found.kind == RtfBody::Kind::html) {
    if (body.html.empty()) body.html = std::move(found.text);
    return;
  }
  if (body.text.empty()) body.text = std::move(found.text);
  if (found.kind == RtfBody::Kind::rtf && body.html.empty()) body.is_all = false;
}

}  // namespace

ItemBody body_of(const Properties& item) {
  ItemBody body;
  body.text = item.text_or_empty(tag::kBody);
  body.html = html_of(item).value_or("");
  if (const std::string* rtf = item.bytes(tag::kRtfCompressed)) take_rtf(*rtf, body);
  if (body.text.empty() && !body.html.empty()) {
    body.text = mime::html_text(body.html, kLongestOfHtml);
    while (body.text.ends_with(' ')) body.text.pop_back();
  }
  return body;
}

}  // namespace kontor::mapi
