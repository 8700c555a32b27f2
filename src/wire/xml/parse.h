// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads a document of XML 1.0 with namespaces, by expat.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "wire/xml/element.h"

namespace kontor::wire::xml {

struct ParseLimits {
  std::size_t depth = 64;
  std::size_t nodes = 200'000;  // elements, texts and attributes
  // Of texts, values and names: each name has its namespace, which a document says once.
  std::size_t bytes = std::size_t{16} << 20;
};

// The document's root. A document type declaration is refused: whoever may declare entities can make a small document
// large, or have it read files. Memory is within the limits and in proportion to `bytes`, whose size is for the caller
// to bound.
// Errors: invalid (with line and column), too_large.
Result<Element> parse(std::string_view bytes, const ParseLimits& limits = ParseLimits());

class Tree;

// Reads a document of any length as it comes: each child of the root is handed on when it is whole, so that memory
// holds one of them. Text directly in the root is passed over. One thread at a time.
class ChildReader {
 public:
  using Take = std::function<Result<void>(Element)>;
  // `limits` are those of each child.
  ChildReader(Take take, const ParseLimits& limits);
  ~ChildReader();
  ChildReader(const ChildReader&) = delete;
  ChildReader& operator=(const ChildReader&) = delete;

  // Errors: as parse(), and what `take` returned. After one nothing more can be read.
  Result<void> feed(std::string_view bytes);
  // The document must be whole.
  Result<void> finish();
  const Name& root() const;  // empty before it was read

 private:
  std::unique_ptr<Tree> tree_;
};

}  // namespace kontor::wire::xml
