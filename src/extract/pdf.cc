// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/pdf.h"

#include <iconv.h>
#include <poppler/cpp/poppler-document.h>
#include <poppler/cpp/poppler-global.h>
#include <poppler/cpp/poppler-page.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "extract/utf16.h"

namespace kontor::extract {
namespace {

void add_ustring(const poppler::ustring& from, Text& text) {
  std::u16string shown(from.begin(), from.end());
  std::erase(shown, u'\u00AD');  // where a word could be divided, seen or not
  text.add(utf16_to_utf8(shown));
}

}  // namespace

void prepare_pdf() {
  // Kept open to the end of the process.
  static const iconv_t conversions[] = {::iconv_open("UTF-16LE", "UTF-8"), ::iconv_open("UTF-8", "UTF-16LE")};
  for (iconv_t one : conversions) check(std::bit_cast<std::intptr_t>(one) != -1, "the C library knows UTF-16");
}

Result<void> read_pdf(std::string_view document, Text& text) {
  if (document.size() > std::numeric_limits<int>::max()) return fail(Errc::invalid, "the document is too large");
  poppler::set_debug_error_function([](const std::string&, void*) {}, nullptr);
  const std::unique_ptr<poppler::document> pdf(
      poppler::document::load_from_raw_data(document.data(), static_cast<int>(document.size())));
  if (!pdf) return fail(Errc::invalid, "the PDF is broken");
  if (pdf->is_locked()) return fail(Errc::invalid, "the PDF is locked by a password");
  for (const auto& about : {pdf->get_title(), pdf->get_subject(), pdf->get_keywords(), pdf->get_author()}) {
    add_ustring(about, text);
    text.line_end();
  }
  for (int i = 0; i < pdf->pages() && !text.is_full(); ++i) {
    const std::unique_ptr<poppler::page> page(pdf->create_page(i));
    if (!page) continue;
    add_ustring(page->text(poppler::rectf(), poppler::page::non_raw_non_physical_layout), text);
    text.line_end();
  }
  return {};
}

}  // namespace kontor::extract
