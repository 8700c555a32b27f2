// SPDX-License-Identifier: AGPL-3.0-or-later
// The text in the XML members of office files, by expat, as it streams by.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "extract/text.h"

namespace kontor::extract {

// What an element means, by its name without namespace.
enum class Means : char {
  text,        // its characters are text
  line,        // its characters are text, and a line of their own
  line_after,  // a line ends with it
  blank,       // stands for white space
  line_break,  // stands for the end of a line
  hyphen,      // stands for "-"
  skip,        // nothing inside counts
  cell,        // a spreadsheet's: its attribute t tells whether its value is text
  value,       // of a cell
  sheet,       // its attribute `name` is text
};
struct Element {
  std::string_view name;
  Means means;
};

// One XML document. It may not declare entities, not nest deeper than 512 elements, and no tag may be longer than 1
// MiB.
class XmlText {
 public:
  // Both must outlive it; elements that `meanings` does not name are passed through.
  XmlText(std::span<const Element> meanings, Text& text);
  ~XmlText();
  XmlText(const XmlText&) = delete;
  XmlText& operator=(const XmlText&) = delete;

  // Errors: invalid (not well-formed, or beyond what is allowed): the text before it is kept. Throws bad_alloc.
  Result<void> feed(std::string_view bytes);
  Result<void> finish();

 private:
  Result<void> broken() const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::extract
