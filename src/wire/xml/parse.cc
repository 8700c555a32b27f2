// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/xml/parse.h"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

namespace kontor::wire::xml {
namespace {

// Between namespace and local name, as expat tells them: no document can hold it.
constexpr char kBetween = '\x1f';

Name name_of(const XML_Char* told) {
  const std::string_view name(told);
  const auto between = name.find(kBetween);
  if (between == std::string_view::npos) return {{}, name};
  return {name.substr(0, between), name.substr(between + 1)};
}

struct FreeXmlParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

struct Tree {
  explicit Tree(const ParseLimits& limits_) : limits(limits_) {}

  void start(const XML_Char* name, const XML_Char** attributes);
  void end() { open.pop_back(); }
  void characters(std::string_view text);
  void stop(Errc code, std::string why);
  bool has_room(std::size_t more);

  XML_Parser parser = nullptr;
  const ParseLimits& limits;
  std::size_t nodes = 0;
  Element root;
  std::vector<Element*> open;  // only the last one's content grows, so the others stay where they are
  std::optional<Error> fault;
};

void Tree::stop(Errc code, std::string why) {
  if (!fault) fault.emplace(code, std::move(why));
  XML_StopParser(parser, XML_FALSE);
}

bool Tree::has_room(std::size_t more) {
  nodes += more;
  if (nodes > limits.nodes) stop(Errc::too_large, "The XML has too many elements.");
  return !fault;
}

void Tree::start(const XML_Char* name, const XML_Char** attributes) {
  if (fault) return;
  if (open.size() >= limits.depth) return stop(Errc::too_large, "The XML is nested too deeply.");
  Element element;
  element.name = name_of(name);
  for (; attributes[0] != nullptr; attributes += 2) {
    if (!has_room(1)) return;
    element.attributes.push_back({name_of(attributes[0]), attributes[1]});
  }
  if (!has_room(1)) return;
  if (open.empty()) {
    root = std::move(element);
    open.push_back(&root);
  } else {
    open.push_back(&open.back()->content.emplace_back(std::move(element)));
  }
}

void Tree::characters(std::string_view text) {
  if (fault || open.empty()) return;
  std::vector<Element>& content = open.back()->content;
  if (content.empty() || !content.back().is_text()) {
    if (!has_room(1)) return;
    content.emplace_back();
  }
  content.back().text += text;
}

Tree& tree_of(void* user) { return *static_cast<Tree*>(user); }

void set_handlers(XML_Parser parser) {
  XML_SetElementHandler(
      parser,
      [](void* user, const XML_Char* name, const XML_Char** attributes) { tree_of(user).start(name, attributes); },
      [](void* user, const XML_Char*) {
        if (!tree_of(user).fault) tree_of(user).end();
      });
  XML_SetCharacterDataHandler(parser, [](void* user, const XML_Char* text, int size) {
    tree_of(user).characters({text, static_cast<std::size_t>(size)});
  });
  XML_SetStartDoctypeDeclHandler(parser, [](void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    tree_of(user).stop(Errc::invalid, "XML with a document type is not taken.");
  });
}

}  // namespace

Result<Element> parse(std::string_view bytes, const ParseLimits& limits) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return fail(Errc::too_large, "The XML is too large.");
  const std::unique_ptr<XML_ParserStruct, FreeXmlParser> parser(XML_ParserCreateNS(nullptr, kBetween));
  check(parser != nullptr, "expat gives a parser");
  Tree tree(limits);
  tree.parser = parser.get();
  XML_SetUserData(parser.get(), &tree);
  set_handlers(parser.get());
  const auto status = XML_Parse(parser.get(), bytes.data(), static_cast<int>(bytes.size()), XML_TRUE);
  if (tree.fault) return std::unexpected(*std::move(tree.fault));
  if (status == XML_STATUS_OK) return std::move(tree.root);
  return fail(
      Errc::invalid,
      fmt::format("The XML cannot be read: line {}, column {}: {}.", XML_GetCurrentLineNumber(parser.get()),
                  XML_GetCurrentColumnNumber(parser.get()) + 1, XML_ErrorString(XML_GetErrorCode(parser.get()))));
}

}  // namespace kontor::wire::xml
