// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/document.h"

#include "extract/pdf.h"
#include "extract/rtf.h"
#include "extract/text.h"
#include "extract/zipped.h"

namespace kontor::extract {
namespace {

constexpr std::size_t kPdfHead = 1024;  // readers look for its mark so far into the file

Result<void> read(std::string_view document, const Limits& limits, Text& text) {
  if (document.starts_with("PK\x03\x04")) return read_zipped(document, limits, text);
  if (document.starts_with("{\\rtf")) return read_rtf(document, text);
  if (document.substr(0, kPdfHead).contains("%PDF-")) return read_pdf(document, text);
  return fail(Errc::invalid, "not a document of a known kind");
}

}  // namespace

Result<std::string> document_text(std::string_view document, const Limits& limits) {
  Text text(limits.text);
  if (const auto done = read(document, limits, text); !done && text.is_empty()) return std::unexpected(done.error());
  return text.take();
}

}  // namespace kontor::extract
