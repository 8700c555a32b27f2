// SPDX-License-Identifier: AGPL-3.0-or-later
// What iCalendar (RFC 5545) and vCard (RFC 6350) share: components of properties with parameters, kept as text and in
// their order, so that what we do not know survives. Plain values. All text is UTF-8 without control characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::lines {

// Names are compared without regard to case and kept as they were written.
struct Parameter {
  bool operator==(const Parameter&) const = default;

  std::string name;
  std::vector<std::string> values;  // without quotes, RFC 6868 decoded; line ends are "\n"
};

struct Property {
  bool operator==(const Property&) const = default;

  bool is(std::string_view other) const;
  const Parameter* find(std::string_view parameter) const;
  // The first value of a parameter; "" if it is not there.
  std::string_view parameter(std::string_view parameter) const;
  // Whether the parameter has this value, in any case.
  bool has(std::string_view parameter, std::string_view value) const;
  // Replaces the parameter, or adds it behind the others.
  void set(std::string_view parameter, std::string_view value);
  void remove(std::string_view parameter);

  std::string group;  // vCard's "item1" of "item1.TEL"; else empty
  std::string name;
  std::vector<Parameter> parameters;
  std::string value;  // unfolded, still escaped
};

struct Component {
  static constexpr std::size_t kLast = static_cast<std::size_t>(-1);

  bool operator==(const Component&) const = default;

  bool is(std::string_view other) const;
  const Property* find(std::string_view property) const;  // the first of that name, or null
  Property* find(std::string_view property);
  std::vector<const Property*> all(std::string_view property) const;
  // The value of the first property of that name, still escaped; "" if there is none.
  std::string_view value(std::string_view property) const;
  // Sets the value of the first of that name, whose parameters go, and removes the others; or adds it.
  Property& set(std::string_view property, std::string value);
  void remove(std::string_view property);

  std::string name;
  std::vector<Property> properties;
  std::vector<Component> components;
  // How many properties of its parent stand before it: usually all.
  std::size_t place = kLast;
};

// TEXT (RFC 5545 section 3.3.11): backslashes undone; an unknown escape stays as it is.
std::string unescape(std::string_view value);
std::string escape(std::string_view text);
// Parts of a value between separators that no backslash precedes, still escaped. At least one.
std::vector<std::string_view> split(std::string_view value, char separator);

}  // namespace kontor::lines
