// SPDX-License-Identifier: AGPL-3.0-or-later
// links: extract formats base
// One XML member of an office file, in whole and in pieces: the same text, valid and bounded. The first byte says which
// member and how long the pieces are.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "extract/members.h"
#include "extract/text.h"
#include "extract/xml_text.h"
#include "formats/mime/charset.h"

namespace {

constexpr const char* kNames[] = {"word/document.xml", "xl/worksheets/sheet1.xml",
                                  "xl/workbook.xml",   "ppt/slides/slide1.xml",
                                  "content.xml",       "meta.xml"};
constexpr std::size_t kTextLimit = 2000;

std::string text_of(const char* name, std::string_view xml, std::size_t piece) {
  kontor::extract::Text text(kTextLimit);
  kontor::extract::XmlText reader(kontor::extract::find_member(name)->meanings, text);
  for (; !xml.empty(); xml.remove_prefix(std::min(piece, xml.size())))
    if (!reader.feed(xml.substr(0, piece))) return text.take();
  (void)reader.finish();
  return text.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const char* name = kNames[data[0] % std::size(kNames)];
  const std::string_view xml(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = text_of(name, xml, std::max<std::size_t>(xml.size(), 1));
  if (whole.size() > kTextLimit || !kontor::mime::is_utf8(whole)) std::abort();
  const std::string pieces = text_of(name, xml, 1U + data[0] / std::size(kNames));
  if (!kontor::mime::is_utf8(pieces)) std::abort();
  return 0;
}
