// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/vcard/card.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "formats/lines/writer.h"
#include "formats/vcard/value.h"

namespace kontor::vcard {
namespace {

// Values that are one text, in which a comma or semicolon stands for itself, escaped or not.
constexpr std::string_view kTexts[] = {"FN",    "NOTE",      "TITLE",       "ROLE",   "UID",
                                       "LABEL", "X-ABLABEL", "SORT-STRING", "PRODID", "MAILER"};

void add_repair(std::vector<lines::Repair>& repairs, std::string text) {
  if (repairs.size() < lines::kMostRepairs) repairs.push_back({.line = 1, .text = std::move(text)});
}

// "TEL;WORK;FAX:" and "PHOTO;BASE64:" of 2.1, which some write into 3.0.
void name_parameters(Property& property) {
  static constexpr std::string_view kEncodings[] = {"BASE64", "B", "8BIT", "7BIT"};
  static constexpr std::string_view kValues[] = {"URL", "URI", "INLINE", "CONTENT-ID", "CID"};
  for (lines::Parameter& parameter : property.parameters) {
    if (!parameter.values.empty()) continue;
    const auto is_bare = [&](std::string_view name) { return iequals(parameter.name, name); };
    const std::string value = std::move(parameter.name);
    parameter.name = value;
    const bool is_encoding = std::ranges::any_of(kEncodings, is_bare);
    const bool is_place = std::ranges::any_of(kValues, is_bare);
    parameter.name = is_encoding ? "ENCODING" : is_place ? "VALUE" : "TYPE";
    parameter.values = {is_place && iequals(value, "URL") ? "uri" : value};
  }
  // Bytes are as they are now; 3.0 knows "b" only.
  std::erase_if(property.parameters, [](const lines::Parameter& p) {
    return iequals(p.name, "ENCODING") && !p.values.empty() &&
           (iequals(p.values[0], "8BIT") || iequals(p.values[0], "7BIT"));
  });
  if (property.has("ENCODING", "BASE64")) property.set("ENCODING", "b");
  if (property.has("ENCODING", "b")) std::erase_if(property.value, [](char c) { return c == ' ' || c == '\t'; });
}

// 2.1 escapes nothing but semicolons: what looks like an escape else is a backslash.
void escape_legacy(Property& property) {
  if (property.has("ENCODING", "b") || property.has("VALUE", "uri")) return;
  std::string out;
  for (std::size_t at = 0; at < property.value.size(); ++at) {
    const char c = property.value[at];
    const char next = at + 1 < property.value.size() ? property.value[at + 1] : 0;
    if (c == '\\' && (next == ';' || next == 'n' || next == 'N' || next == ',' || next == '\\')) {
      out += c, out += next;
      ++at;
    } else if (c == '\\' || (c == ',' && !property.is("CATEGORIES") && !property.is("NICKNAME"))) {
      out += '\\', out += c;
    } else {
      out += c;
    }
  }
  property.value = out;
}

std::string name_from_others(const Component& card) {
  const Name name = name_of(card);
  std::string whole;
  for (const std::string* part : {&name.prefixes, &name.given, &name.additional, &name.family, &name.suffixes})
    if (!part->empty()) whole += (whole.empty() ? "" : " ") + *part;
  for (const std::string_view other : {"ORG", "NICKNAME", "EMAIL", "TEL"}) {
    if (!whole.empty()) break;
    whole = lines::unescape(lines::split(card.value(other), ';').front());
  }
  return whole;
}

// Of what is within a card nothing is asked: only what is written reads back the same. The depth is bounded by the
// reader.
void complete_parameters(Component& inner) {  // NOLINT(misc-no-recursion)
  for (Property& property : inner.properties)
    for (lines::Parameter& parameter : property.parameters)
      if (parameter.values.empty()) parameter.values.emplace_back();
  for (Component& one : inner.components) complete_parameters(one);
}

void put_right(Component& card, std::vector<lines::Repair>& repairs) {
  for (Component& inner : card.components) complete_parameters(inner);
  const bool is_legacy = card.value("VERSION").starts_with('2');
  for (Property& property : card.properties) {
    name_parameters(property);
    if (is_legacy) escape_legacy(property);
    if (std::ranges::any_of(kTexts, [&](std::string_view name) { return property.is(name); }) &&
        !property.has("VALUE", "uri"))
      property.value = lines::escape(lines::unescape(property.value));
  }
  const auto insert = [&](std::string_view name, std::string value, std::size_t at) {
    card.properties.insert(card.properties.begin() + static_cast<std::ptrdiff_t>(std::min(at, card.properties.size())),
                           {.name = std::string(name), .value = std::move(value)});
    for (Component& inner : card.components)
      if (inner.place != Component::kLast) ++inner.place;
  };
  if (card.find("VERSION") == nullptr) {
    insert("VERSION", "3.0", 0);
    add_repair(repairs, "VERSION was missing");
  } else if (!card.value("VERSION").starts_with('4')) {
    card.find("VERSION")->value = "3.0";
  } else {
    card.find("VERSION")->value = "4.0";
  }
  if (card.find("FN") == nullptr) {
    insert("FN", lines::escape(name_from_others(card)), 1);
    add_repair(repairs, "FN was missing");
  }
  if (version_of(card) == Version::v3 && card.find("N") == nullptr) {
    insert("N", ";;;;", 1);
    add_repair(repairs, "N was missing");
  }
}

std::string joined(const std::vector<std::vector<std::string>>& parts, std::size_t index) {
  std::string out;
  if (index < parts.size())
    for (const std::string& item : parts[index]) out += (out.empty() ? "" : " ") + item;
  return out;
}

void add_types(const Property& property, Detail& detail) {
  for (const lines::Parameter& parameter : property.parameters) {
    if (!iequals(parameter.name, "TYPE")) continue;
    for (const std::string& value : parameter.values)
      for (const std::string_view part : lines::split(value, ',')) {
        const std::string type = to_lower(part);
        if (type == "pref")
          detail.preference = 1;
        else if (!type.empty() && type != "internet" && std::ranges::find(detail.types, type) == detail.types.end())
          detail.types.push_back(type);
      }
  }
  const std::string_view pref = property.parameter("PREF");
  if (!pref.empty() && pref.size() <= 3 && std::ranges::all_of(pref, [](char c) { return c >= '0' && c <= '9'; }))
    detail.preference = std::clamp(std::stoi(std::string(pref)), 1, 100);
}

std::string label_of(const Component& card, std::string_view group) {
  if (group.empty()) return {};
  for (const Property& property : card.properties) {
    if (!property.is("X-ABLABEL") || !iequals(property.group, group)) continue;
    std::string label = lines::unescape(property.value);
    if (label.starts_with("_$!<") && label.ends_with(">!$_") && label.size() >= 8)
      label = label.substr(4, label.size() - 8);
    return label;
  }
  return {};
}

}  // namespace

Result<Cards> read(std::string_view bytes, std::string_view charset, const lines::Limits& limits) {
  TRY(lines::Read read, lines::read(bytes, charset, limits));
  Cards out{.repairs = std::move(read.repairs), .is_truncated = read.is_truncated};
  for (Component& component : read.components) {
    if (!component.is("VCARD")) {
      add_repair(out.repairs, "a " + component.name + " among the cards was left out");
      continue;
    }
    put_right(component, out.repairs);
    for (Component& agent : component.components)
      if (agent.is("VCARD")) put_right(agent, out.repairs);
    out.cards.push_back(std::move(component));
  }
  if (out.cards.empty()) return fail(Errc::invalid, "line 1: there is no vCard.");
  return out;
}

std::string write(const Component& card) { return lines::write(card); }

Version version_of(const Component& card) { return card.value("VERSION").starts_with('4') ? Version::v4 : Version::v3; }

std::string text(const Component& card, std::string_view property) { return lines::unescape(card.value(property)); }

std::vector<std::string> text_list(const Component& card, std::string_view property) {
  std::vector<std::string> out;
  for (const Property* found : card.all(property))
    for (const std::string_view part : lines::split(found->value, ','))
      if (!part.empty()) out.push_back(lines::unescape(part));
  return out;
}

std::vector<std::vector<std::string>> structured(const Property& property) {
  std::vector<std::vector<std::string>> out;
  for (const std::string_view part : lines::split(property.value, ';')) {
    out.emplace_back();
    for (const std::string_view item : lines::split(part, ','))
      if (!item.empty()) out.back().push_back(lines::unescape(item));
  }
  return out;
}

Name name_of(const Component& card) {
  const Property* found = card.find("N");
  if (found == nullptr) return {};
  const auto parts = structured(*found);
  return {.family = joined(parts, 0),
          .given = joined(parts, 1),
          .additional = joined(parts, 2),
          .prefixes = joined(parts, 3),
          .suffixes = joined(parts, 4)};
}

std::vector<Detail> details(const Component& card, std::string_view property) {
  std::vector<Detail> out;
  for (const Property* found : card.all(property)) {
    Detail detail{.property = found, .value = lines::unescape(found->value), .label = label_of(card, found->group)};
    for (const std::string_view scheme : {"mailto:", "tel:"})
      if (detail.value.size() >= scheme.size() &&
          iequals(std::string_view(detail.value).substr(0, scheme.size()), scheme))
        detail.value.erase(0, scheme.size());
    add_types(*found, detail);
    out.push_back(std::move(detail));
  }
  return out;
}

Address address_of(const Property& adr) {
  const auto parts = structured(adr);
  return {.box = joined(parts, 0),
          .extended = joined(parts, 1),
          .street = joined(parts, 2),
          .locality = joined(parts, 3),
          .region = joined(parts, 4),
          .code = joined(parts, 5),
          .country = joined(parts, 6)};
}

bool is_group(const Component& card) {
  return iequals(card.value("KIND"), "group") || iequals(card.value("X-ADDRESSBOOKSERVER-KIND"), "group");
}

std::vector<std::string> members(const Component& card) {
  std::vector<std::string> out;
  for (const Property& property : card.properties)
    if (property.is("MEMBER") || property.is("X-ADDRESSBOOKSERVER-MEMBER")) out.push_back(property.value);
  return out;
}

}  // namespace kontor::vcard
