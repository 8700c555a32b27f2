// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/xml/parse.h"

#include <expat.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kontor::wire::xml {
namespace {

struct FreeXmlParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

// Between namespace and local name, as expat tells them: no document can hold it.
constexpr char kBetween = '\x1f';
constexpr std::size_t kAtOnce = std::size_t{1} << 30;

Name name_of(const XML_Char* told) {
  const std::string_view name(told);
  const auto between = name.find(kBetween);
  if (between == std::string_view::npos) return {{}, name};
  return {name.substr(0, between), name.substr(between + 1)};
}

std::size_t size_of(const Name& name) { return name.space.size() + name.local.size(); }

}  // namespace

// From expat's calls to a tree. One document. Stays where it is: the parser knows its address.
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

Tree::Tree(const ParseLimits& limits, OnChild on_child)
    : parser_(XML_ParserCreateNS(nullptr, kBetween)), limits_(limits), on_child_(std::move(on_child)) {
  check(parser_ != nullptr, "expat gives a parser");
  XML_SetUserData(parser_.get(), this);
  XML_SetElementHandler(
      parser_.get(),
      [](void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Tree*>(self)->start(name, attributes);
      },
      [](void* self, const XML_Char*) { static_cast<Tree*>(self)->end(); });
  XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int size) {
    static_cast<Tree*>(self)->characters({text, static_cast<std::size_t>(size)});
  });
  XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Tree*>(self)->stop(Errc::invalid, "XML with a document type is not taken.");
  });
}

Result<void> Tree::feed(std::string_view bytes, bool is_last) {
  do {
    if (fault_) return std::unexpected(*fault_);
    const auto piece = bytes.substr(0, kAtOnce);
    bytes.remove_prefix(piece.size());
    const bool ends = is_last && bytes.empty();
    const auto status =
        XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), ends ? XML_TRUE : XML_FALSE);
    if (!fault_ && status != XML_STATUS_OK)
      fault_ = Error(
          Errc::invalid,
          fmt::format("The XML cannot be read: line {}, column {}: {}.", XML_GetCurrentLineNumber(parser_.get()),
                      XML_GetCurrentColumnNumber(parser_.get()) + 1, XML_ErrorString(XML_GetErrorCode(parser_.get()))));
  } while (!bytes.empty());
  if (fault_) return std::unexpected(*fault_);
  return {};
}

void Tree::stop(Errc code, std::string why) {
  if (!fault_) fault_.emplace(code, std::move(why));
  XML_StopParser(parser_.get(), XML_FALSE);
}

bool Tree::has_room(std::size_t nodes, std::size_t bytes) {
  nodes_ += nodes;
  bytes_ += bytes;
  if (nodes_ > limits_.nodes) stop(Errc::too_large, "The XML has too many elements.");
  if (bytes_ > limits_.bytes) stop(Errc::too_large, "The XML is too large.");
  return !fault_;
}

void Tree::start(const XML_Char* name, const XML_Char** attributes) {
  if (fault_) return;
  if (open_.size() >= limits_.depth) return stop(Errc::too_large, "The XML is nested too deeply.");
  Element element;
  element.name = name_of(name);
  for (; attributes[0] != nullptr; attributes += 2) {
    Attribute attribute{name_of(attributes[0]), attributes[1]};
    if (!has_room(1, size_of(attribute.name) + attribute.value.size())) return;
    element.attributes.push_back(std::move(attribute));
  }
  if (!has_room(1, size_of(element.name))) return;
  if (open_.empty()) {
    root = std::move(element);
    open_.push_back(&root);
  } else {
    open_.push_back(&open_.back()->content.emplace_back(std::move(element)));
  }
}

void Tree::end() {
  if (fault_) return;
  open_.pop_back();
  if (!on_child_ || open_.size() != 1) return;
  auto child = std::move(root.content.back());
  root.content.clear();
  nodes_ = bytes_ = 0;
  if (auto taken = on_child_(std::move(child)); !taken) stop(taken.error().code, std::move(taken.error().text));
}

void Tree::characters(std::string_view text) {
  if (fault_ || open_.empty() || (on_child_ && open_.size() == 1)) return;
  std::vector<Element>& content = open_.back()->content;
  const bool is_new = content.empty() || !content.back().is_text();
  if (!has_room(is_new ? 1 : 0, text.size())) return;
  if (is_new) content.emplace_back();
  content.back().text += text;
}

Result<Element> parse(std::string_view bytes, const ParseLimits& limits) {
  Tree tree(limits, nullptr);
  TRY_VOID(tree.feed(bytes, true));
  return std::move(tree.root);
}

ChildReader::ChildReader(Take take, const ParseLimits& limits)
    : tree_(std::make_unique<Tree>(limits, std::move(take))) {}
ChildReader::~ChildReader() = default;

Result<void> ChildReader::feed(std::string_view bytes) { return tree_->feed(bytes, false); }
Result<void> ChildReader::finish() { return tree_->feed({}, true); }
const Name& ChildReader::root() const { return tree_->root.name; }

}  // namespace kontor::wire::xml
