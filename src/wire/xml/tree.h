// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: from expat's calls to a tree.
#pragma once

#include <expat.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/xml/element.h"
#include "wire/xml/parse.h"

namespace kontor::wire::xml {

struct FreeXmlParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

// One document. Stays where it is: the parser knows its address.
class Tree {
 public:
  // With `on_child` each child of the root is handed on when it is whole, and `root` keeps none of them; the limit of
  // nodes is that of one child then.
  using OnChild = std::function<Result<void>(Element)>;
  Tree(const ParseLimits& limits, OnChild on_child);
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Errors: invalid (with line and column), too_large, what `on_child` returned. After one nothing more is taken.
  Result<void> feed(std::string_view bytes, bool is_last);

  Element root;

 private:
  void start(const XML_Char* name, const XML_Char** attributes);
  void end();
  void characters(std::string_view text);
  void stop(Errc code, std::string why);
  bool has_room(std::size_t nodes, std::size_t bytes);

  std::unique_ptr<XML_ParserStruct, FreeXmlParser> parser_;
  const ParseLimits limits_;
  const OnChild on_child_;
  std::size_t nodes_ = 0, bytes_ = 0;
  std::vector<Element*> open_;  // only the last one's content grows, so the others stay where they are
  std::optional<Error> fault_;
};

}  // namespace kontor::wire::xml
