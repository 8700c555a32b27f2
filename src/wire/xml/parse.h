// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads a document of XML 1.0 with namespaces, by expat.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "wire/xml/element.h"

namespace kontor::wire::xml {

struct ParseLimits {
  std::size_t depth = 64;
  std::size_t nodes = 200'000;  // elements, texts and attributes
};

// The document's root. A document type declaration is refused: whoever may declare entities can make a small document
// large, or have it read files. Memory is in proportion to `bytes`, whose size is for the caller to bound.
// Errors: invalid (with line and column), too_large.
Result<Element> parse(std::string_view bytes, const ParseLimits& limits = ParseLimits());

}  // namespace kontor::wire::xml
