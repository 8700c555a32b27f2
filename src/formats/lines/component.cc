// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/component.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::lines {

bool Property::is(std::string_view other) const { return iequals(name, other); }

const Parameter* Property::find(std::string_view parameter) const {
  const auto found = std::ranges::find_if(parameters, [&](const Parameter& p) { return iequals(p.name, parameter); });
  return found == parameters.end() ? nullptr : &*found;
}

std::string_view Property::parameter(std::string_view parameter) const {
  const Parameter* found = find(parameter);
  return found != nullptr && !found->values.empty() ? std::string_view(found->values.front()) : std::string_view();
}

bool Property::has(std::string_view parameter, std::string_view wanted) const {
  return std::ranges::any_of(parameters, [&](const Parameter& p) {
    return iequals(p.name, parameter) &&
           std::ranges::any_of(p.values, [&](const std::string& v) { return iequals(v, wanted); });
  });
}

void Property::set(std::string_view parameter, std::string_view text) {
  for (Parameter& p : parameters)
    if (iequals(p.name, parameter)) {
      p.values.assign(1, std::string(text));
      return;
    }
  parameters.push_back({.name = std::string(parameter), .values = {std::string(text)}});
}

void Property::remove(std::string_view parameter) {
  std::erase_if(parameters, [&](const Parameter& p) { return iequals(p.name, parameter); });
}

bool Component::is(std::string_view other) const { return iequals(name, other); }

const Property* Component::find(std::string_view property) const {
  const auto found = std::ranges::find_if(properties, [&](const Property& p) { return p.is(property); });
  return found == properties.end() ? nullptr : &*found;
}

Property* Component::find(std::string_view property) {
  const auto found = std::ranges::find_if(properties, [&](const Property& p) { return p.is(property); });
  return found == properties.end() ? nullptr : &*found;
}

std::vector<const Property*> Component::all(std::string_view property) const {
  std::vector<const Property*> found;
  for (const Property& p : properties)
    if (p.is(property)) found.push_back(&p);
  return found;
}

std::string_view Component::value(std::string_view property) const {
  const Property* found = find(property);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

Property& Component::set(std::string_view property, std::string value) {
  Property* first = find(property);
  if (first == nullptr) {
    properties.push_back({.name = std::string(property), .value = std::move(value)});
    return properties.back();
  }
  first->parameters.clear();
  first->value = std::move(value);
  const auto behind = properties.begin() + (first - properties.data()) + 1;
  properties.erase(std::remove_if(behind, properties.end(), [&](const Property& p) { return p.is(property); }),
                   properties.end());
  return *find(property);
}

void Component::remove(std::string_view property) {
  std::erase_if(properties, [&](const Property& p) { return p.is(property); });
}

std::string unescape(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '\\' || at + 1 == value.size()) {
      text += value[at];
      continue;
    }
    const char next = value[at + 1];
    if (next == 'n' || next == 'N')
      text += '\n';
    else if (std::string_view("\\,;:\"").contains(next))
      text += next;
    else
      text += '\\', text += next;
    ++at;
  }
  return text;
}

std::string escape(std::string_view text) {
  std::string value;
  value.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      value += "\\n";
    } else if (c != '\r') {
      if (c == '\\' || c == ',' || c == ';') value += '\\';
      value += c;
    }
  }
  return value;
}

std::vector<std::string_view> split(std::string_view value, char separator) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\') {
      ++at;
    } else if (value[at] == separator) {
      parts.push_back(value.substr(from, at - from));
      from = at + 1;
    }
  }
  parts.push_back(value.substr(from));
  return parts;
}

}  // namespace kontor::lines
