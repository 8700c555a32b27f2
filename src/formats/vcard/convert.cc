// SPDX-License-Identifier: AGPL-3.0-or-later
// Between 3.0 and 4.0: RFC 6350 appendix A, and what Apple's and other programs do in 3.0 for what only 4.0 has.
#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/vcard/value.h"

namespace kontor::vcard {
namespace {

constexpr std::string_view kAppleGroup = "X-ADDRESSBOOKSERVER-KIND";
constexpr std::string_view kAppleMember = "X-ADDRESSBOOKSERVER-MEMBER";
constexpr std::string_view kNoYear = "X-APPLE-OMIT-YEAR";

bool is_one_of(const Property& property, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return property.is(name); });
}

bool has_media(const Property& property) { return is_one_of(property, {"PHOTO", "LOGO", "SOUND", "KEY"}); }

// Takes a value out of all TYPE parameters; a TYPE that holds nothing else goes.
bool take_type(Property& property, std::string_view type) {
  bool found = false;
  for (lines::Parameter& parameter : property.parameters)
    if (iequals(parameter.name, "TYPE"))
      found =
          std::erase_if(parameter.values, [&](const std::string& value) { return iequals(value, type); }) > 0 || found;
  if (found)
    std::erase_if(property.parameters,
                  [](const lines::Parameter& p) { return iequals(p.name, "TYPE") && p.values.empty(); });
  return found;
}

void add_type(Property& property, std::string_view type) {
  for (lines::Parameter& parameter : property.parameters)
    if (iequals(parameter.name, "TYPE")) {
      parameter.values.emplace_back(type);
      return;
    }
  property.parameters.push_back({.name = "TYPE", .values = {std::string(type)}});
}

void media_to_v4(Property& property) {
  const std::string type = media_type_of(property.name, property.parameter("TYPE"));
  if (property.has("ENCODING", "b")) {
    property.value = fmt::format("data:{};base64,{}", type.empty() ? "application/octet-stream" : type, property.value);
    property.remove("TYPE");
  } else if (has_media(property) && !type.empty() && property.value.contains(':') && !parse_data_uri(property.value)) {
    property.set("MEDIATYPE", type);
    property.remove("TYPE");
  }
  property.remove("ENCODING");
  if (has_media(property)) property.remove("VALUE");  // a URI is what they are in 4.0
}

void media_to_v3(Property& property) {
  if (const auto data = parse_data_uri(property.value)) {
    property.value = std::string(data->base64);
    property.remove("MEDIATYPE");
    property.remove("VALUE");
    property.set("ENCODING", "b");
    if (!data->type.empty() && data->type != "application/octet-stream")
      property.set("TYPE", short_type_of(data->type));
    return;
  }
  if (const std::string type(property.parameter("MEDIATYPE")); !type.empty()) {
    property.set("TYPE", short_type_of(type));
    property.remove("MEDIATYPE");
  }
  if (property.value.contains(':')) property.set("VALUE", "uri");
}

void date_to(Property& property, Version to) {
  const auto date = date_of(property);
  if (!date) return;
  // As text came what 3.0 has no date for.
  if (to == Version::v4 && property.has("VALUE", "text") && date->month && date->day) return;
  std::string time = property.value.contains('T') ? property.value.substr(property.value.find('T')) : "";
  if (to == Version::v4) std::erase(time, ':');
  if (to == Version::v4) property.remove("VALUE");
  property.remove(kNoYear);
  property.value = print_date(*date, to) + time;
  if (to == Version::v4) return;
  if (!date->year && date->month && date->day) property.set(kNoYear, "1604");
  if (!date->month || !date->day) property.set("VALUE", "text");
}

void geo_to(Property& property, Version to) {
  if (to == Version::v4) {
    const auto parts = lines::split(property.value, ';');
    if (parts.size() == 2) property.value = fmt::format("geo:{},{}", parts[0], parts[1]);
  } else if (property.value.starts_with("geo:")) {
    std::string place = lines::unescape(std::string_view(property.value).substr(4));
    place = place.substr(0, place.find(';'));
    if (const std::size_t comma = place.find(','); comma != std::string::npos)
      property.value = place.replace(comma, 1, ";");
  }
}

void property_to_v4(Property& property) {
  if (property.is("VERSION")) {
    property.value = "4.0";
    return;
  }
  if (take_type(property, "pref")) property.set("PREF", "1");
  if (property.is("EMAIL")) take_type(property, "internet");
  if (has_media(property) || property.has("ENCODING", "b")) media_to_v4(property);
  if (is_one_of(property, {"BDAY", "ANNIVERSARY", "DEATHDATE"})) date_to(property, Version::v4);
  if (property.is("GEO")) geo_to(property, Version::v4);
  if (property.is(kAppleGroup)) property.name = "KIND";
  if (property.is(kAppleMember)) property.name = "MEMBER";
  if (property.is("UID") && !property.value.contains(':')) property.set("VALUE", "text");
  if (property.is("AGENT")) {
    property.name = "RELATED";
    add_type(property, "agent");
    if (!property.has("VALUE", "uri")) property.set("VALUE", "text");
  }
}

// Of several PREFs only the best is 3.0's "pref"; the others stay as they are.
void property_to_v3(Property& property, const Component& card) {
  if (property.is("VERSION")) {
    property.value = "3.0";
    return;
  }
  if (const std::string_view pref = property.parameter("PREF"); pref == "1") {
    property.remove("PREF");
    add_type(property, "pref");
  }
  if (has_media(property) || parse_data_uri(property.value)) media_to_v3(property);
  if (is_one_of(property, {"BDAY", "ANNIVERSARY", "DEATHDATE"})) date_to(property, Version::v3);
  if (property.is("GEO")) geo_to(property, Version::v3);
  if (property.is("KIND") && iequals(property.value, "group")) property.name = kAppleGroup;
  if (property.is("MEMBER") && is_group(card)) property.name = kAppleMember;
  if (property.is("UID")) property.remove("VALUE");
  if (property.is("TEL") && property.value.size() > 4 &&
      iequals(std::string_view(property.value).substr(0, 4), "tel:")) {
    property.value.erase(0, 4);
    property.remove("VALUE");
  }
  if (property.is("RELATED") && property.has("TYPE", "agent")) {
    property.name = "AGENT";
    take_type(property, "agent");
    if (property.has("VALUE", "text"))
      property.remove("VALUE");
    else
      property.set("VALUE", "uri");
  }
}

std::vector<std::string> types_of(const Property& property) {
  std::vector<std::string> types;
  for (const lines::Parameter& parameter : property.parameters)
    if (iequals(parameter.name, "TYPE"))
      for (const std::string& value : parameter.values)
        if (!iequals(value, "pref")) types.push_back(to_lower(value));
  std::ranges::sort(types);
  return types;
}

// 3.0's LABEL is a parameter of its ADR in 4.0; one that belongs to none gets an empty ADR.
void labels_to_v4(Component& card) {
  for (std::size_t i = 0; i < card.properties.size();) {
    if (!card.properties[i].is("LABEL")) {
      ++i;
      continue;
    }
    Property label = std::move(card.properties[i]);
    const std::string text = lines::unescape(label.value);
    const auto adr = std::ranges::find_if(card.properties, [&](const Property& p) {
      return p.is("ADR") && p.find("LABEL") == nullptr && iequals(p.group, label.group) &&
             types_of(p) == types_of(label);
    });
    if (adr != card.properties.end()) {
      adr->set("LABEL", text);
      card.properties.erase(card.properties.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    label.name = "ADR";
    label.value = ";;;;;;";
    label.set("LABEL", text);
    card.properties[i++] = std::move(label);
  }
}

void labels_to_v3(Component& card) {
  std::vector<Property> out;
  for (Property& property : card.properties) {
    std::optional<Property> label;
    if (const std::string text(property.parameter("LABEL")); property.is("ADR") && !text.empty()) {
      property.remove("LABEL");
      label = Property{
          .group = property.group, .name = "LABEL", .parameters = property.parameters, .value = lines::escape(text)};
    }
    if (!label || property.value != ";;;;;;") out.push_back(std::move(property));
    if (label) out.push_back(*std::move(label));
  }
  card.properties = std::move(out);
}

void sort_string_to(Component& card, Version to) {
  if (to == Version::v4) {
    Property* name = card.find("N");
    const std::string text = lines::unescape(card.value("SORT-STRING"));
    if (name == nullptr || text.empty()) return;
    name->set("SORT-AS", text);
    card.remove("SORT-STRING");
    return;
  }
  Property* name = card.find("N");
  if (name == nullptr || name->find("SORT-AS") == nullptr) return;
  std::string text;
  for (const std::string& value : name->find("SORT-AS")->values) text += (text.empty() ? "" : ",") + value;
  name->remove("SORT-AS");
  card.set("SORT-STRING", lines::escape(text));
}

}  // namespace

Component convert(const Component& card, Version to) {
  Component out = card;
  if (version_of(card) == to) return out;
  if (to == Version::v4) {
    labels_to_v4(out);
    for (Property& property : out.properties) property_to_v4(property);
  } else {
    for (Property& property : out.properties) property_to_v3(property, card);
    labels_to_v3(out);
    if (out.find("N") == nullptr) out.properties.push_back({.name = "N", .value = ";;;;"});
  }
  sort_string_to(out, to);
  for (Component& inner : out.components) inner.place = Component::kLast;
  return out;
}

}  // namespace kontor::vcard
