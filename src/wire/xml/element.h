// SPDX-License-Identifier: AGPL-3.0-or-later
// XML as a tree of values, with namespaces resolved: a name is its namespace and its local part, never a prefix.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::wire::xml {

constexpr std::string_view kXmlSpace = "http://www.w3.org/XML/1998/namespace";  // of xml:lang

// For names that stand in our code.
struct NameView {
  std::string_view space, local;
};

struct Name {
  std::string space, local;

  Name() = default;
  Name(std::string_view space_, std::string_view local_) : space(space_), local(local_) {}
  Name(NameView name) : Name(name.space, name.local) {}
  operator NameView() const { return {space, local}; }
  auto operator<=>(const Name&) const = default;
};

struct Attribute {
  Name name;
  std::string value;
};

// An element, or a piece of text between elements.
struct Element {
  Name name;         // empty: text
  std::string text;  // of text only
  std::vector<Attribute> attributes;
  std::vector<Element> content;  // in order, text included

  bool is_text() const { return name.local.empty(); }
  bool is(NameView wanted) const { return name.local == wanted.local && name.space == wanted.space; }

  // The first child of that name; null if there is none.
  const Element* child(NameView wanted) const;
  std::vector<const Element*> children() const;  // without text
  std::vector<const Element*> children(NameView wanted) const;
  // What stands directly in it, without white space around it.
  std::string own_text() const;
  // Null if it is not there. `attribute("name")` is one without a namespace, as most are.
  const std::string* attribute(NameView wanted) const;
  const std::string* attribute(std::string_view local) const { return attribute(NameView{{}, local}); }
};

}  // namespace kontor::wire::xml
