// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes XML 1.0 as UTF-8.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/xml/element.h"

namespace kontor::wire::xml {

// How a namespace is written.
struct Prefix {
  std::string_view prefix, space;
};

struct AttributeView {
  std::string_view local, value;  // without a namespace
};

// Writes one document, piece by piece, to the end of a string. What is open must be closed in order. Text may be any
// bytes: what is no UTF-8 is read as windows-1252, and what XML cannot hold becomes U+FFFD.
class Printer {
 public:
  // `prefixes` are declared at the root, other namespaces where they stand. Both must outlive the printer.
  Printer(std::string& out, std::span<const Prefix> prefixes);

  void open(NameView name, std::initializer_list<AttributeView> attributes = {});
  void close();
  void text(std::string_view text);
  void leaf(NameView name, std::string_view text = {});
  // With all that is in it.
  void element(const Element& element);

 private:
  struct Open {
    std::string tag;
    std::string usual_space;  // what a name without a prefix means within it
  };
  // Begins a tag and leaves it without its ">".
  void begin(NameView name);
  void end_tag();
  void attribute(const Attribute& attribute, std::size_t number);
  std::string_view prefix_of(std::string_view space) const;

  std::string& out_;
  std::span<const Prefix> prefixes_;
  std::vector<Open> open_;
  bool is_in_tag_ = false;
  bool has_begun_ = false;
};

// Content for between tags, and for between double quotes.
void append_escaped(std::string_view text, std::string& out);

}  // namespace kontor::wire::xml
