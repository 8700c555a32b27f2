// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/xml/element.h"

namespace kontor::wire::xml {

const Element* Element::child(NameView wanted) const {
  for (const Element& one : content)
    if (one.is(wanted)) return &one;
  return nullptr;
}

std::vector<const Element*> Element::children() const {
  std::vector<const Element*> out;
  for (const Element& one : content)
    if (!one.is_text()) out.push_back(&one);
  return out;
}

std::vector<const Element*> Element::children(NameView wanted) const {
  std::vector<const Element*> out;
  for (const Element& one : content)
    if (one.is(wanted)) out.push_back(&one);
  return out;
}

std::string Element::own_text() const {
  std::string all;
  for (const Element& one : content)
    if (one.is_text()) all += one.text;
  constexpr std::string_view kWhite = " \t\r\n";
  const auto first = all.find_first_not_of(kWhite);
  if (first == std::string::npos) return {};
  return all.substr(first, all.find_last_not_of(kWhite) - first + 1);
}

const std::string* Element::attribute(NameView wanted) const {
  for (const Attribute& one : attributes)
    if (one.name.local == wanted.local && one.name.space == wanted.space) return &one.value;
  return nullptr;
}

}  // namespace kontor::wire::xml
