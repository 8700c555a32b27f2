// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/members.h"

#include <algorithm>
#include <array>

namespace kontor::extract {
namespace {

// ECMA-376 part 1, section 17. What was deleted under revision marks is in other elements (delText). A drawing comes
// twice, for old readers as a Fallback.
constexpr auto kWord = std::to_array<Element>({
    {"t", Means::text},
    {"p", Means::line_after},
    {"tab", Means::blank},
    {"br", Means::line_break},
    {"cr", Means::line_break},
    {"noBreakHyphen", Means::hyphen},
    {"pPr", Means::skip},
    {"rPr", Means::skip},
    {"Fallback", Means::skip},
});
// Section 18. Readings in kana (rPh) repeat what stands there.
constexpr auto kSheet = std::to_array<Element>({
    {"t", Means::text},
    {"c", Means::cell},
    {"v", Means::value},
    {"row", Means::line_after},
    {"si", Means::line_after},
    {"comment", Means::line_after},
    {"p", Means::line_after},
    {"sheet", Means::sheet},
    {"rPh", Means::skip},
    {"Fallback", Means::skip},
});
// Sections 19 and 21.
constexpr auto kSlide = std::to_array<Element>({
    {"t", Means::text},
    {"p", Means::line_after},
    {"br", Means::line_break},
    {"tab", Means::blank},
    {"Fallback", Means::skip},
});
// OpenDocument 1.3 part 3, sections 5 and 6.
constexpr auto kOpenDocument = std::to_array<Element>({
    {"p", Means::line},
    {"h", Means::line},
    {"tab", Means::blank},
    {"s", Means::blank},
    {"line-break", Means::line_break},
    {"tracked-changes", Means::skip},
});
// Dublin Core, in both families and in e-books.
constexpr auto kAbout = std::to_array<Element>({
    {"title", Means::line},
    {"subject", Means::line},
    {"creator", Means::line},
    {"description", Means::line},
    {"keyword", Means::line},
    {"keywords", Means::line},
});

constexpr auto kMembers = std::to_array<Member>({
    {"docProps/core", ".xml", Turn::body, Reading::xml, kAbout},
    {"meta", ".xml", Turn::body, Reading::xml, kAbout},
    {"word/document", ".xml", Turn::body, Reading::xml, kWord},
    {"word/header", ".xml", Turn::beside, Reading::xml, kWord},
    {"word/footer", ".xml", Turn::beside, Reading::xml, kWord},
    {"word/footnotes", ".xml", Turn::beside, Reading::xml, kWord},
    {"word/endnotes", ".xml", Turn::beside, Reading::xml, kWord},
    {"word/comments", ".xml", Turn::beside, Reading::xml, kWord},
    {"xl/workbook", ".xml", Turn::body, Reading::xml, kSheet},
    {"xl/sharedStrings", ".xml", Turn::body, Reading::xml, kSheet},
    {"xl/comments", ".xml", Turn::beside, Reading::xml, kSheet},
    {"xl/drawings/drawing", ".xml", Turn::beside, Reading::xml, kSlide},
    {"xl/worksheets/sheet", ".xml", Turn::numbers, Reading::xml, kSheet},
    {"ppt/slides/slide", ".xml", Turn::body, Reading::xml, kSlide},
    {"ppt/notesSlides/notesSlide", ".xml", Turn::beside, Reading::xml, kSlide},
    {"content", ".xml", Turn::body, Reading::xml, kOpenDocument},
    {"", ".opf", Turn::body, Reading::xml, kAbout},
    {"", ".xhtml", Turn::body, Reading::html, {}},
    {"", ".html", Turn::body, Reading::html, {}},
    {"", ".htm", Turn::body, Reading::html, {}},
});

}  // namespace

const Member* find_member(std::string_view name) {
  const auto found = std::ranges::find_if(
      kMembers, [&](const Member& one) { return name.starts_with(one.prefix) && name.ends_with(one.suffix); });
  return found == kMembers.end() ? nullptr : &*found;
}

}  // namespace kontor::extract
