// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/calendar.h"

#include <algorithm>

#include "formats/lines/writer.h"

namespace kontor::icalendar {
namespace {

constexpr std::string_view kProduct = "-//Kontor//Kontor//EN";

// Their value is one TEXT: a comma or semicolon in it stands for itself, escaped or not.
constexpr std::string_view kTexts[] = {"SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT",      "CONTACT",
                                       "UID",     "NAME",        "PRODID",   "X-WR-CALNAME", "X-WR-CALDESC"};

bool is_one_text(const Property& property) {
  const std::string_view type = property.parameter("VALUE");
  return (type.empty() || property.has("VALUE", "TEXT")) &&
         std::ranges::any_of(kTexts, [&](std::string_view name) { return property.is(name); });
}

// The depth of components is bounded by the reader.
void put_right(Component& component) {  // NOLINT(misc-no-recursion)
  for (Property& property : component.properties) {
    for (Parameter& parameter : property.parameters)
      if (parameter.values.empty()) parameter.values.emplace_back();
    if (is_one_text(property)) property.value = lines::escape(lines::unescape(property.value));
  }
  for (Component& inner : component.components) put_right(inner);
}

void add_missing(Component& calendar, std::vector<lines::Repair>& repairs) {
  for (const auto& [name, value] : {std::pair("PRODID", kProduct), std::pair("VERSION", std::string_view("2.0"))}) {
    if (calendar.find(name) != nullptr) continue;
    calendar.properties.insert(calendar.properties.begin(), {.name = name, .value = std::string(value)});
    for (Component& inner : calendar.components)
      if (inner.place != Component::kLast) ++inner.place;
    if (repairs.size() < lines::kMostRepairs)
      repairs.push_back({.line = 1, .text = std::string(name) + " was missing"});
  }
}

}  // namespace

Result<Calendars> read(std::string_view bytes, std::string_view charset, const lines::Limits& limits) {
  TRY(lines::Read read, lines::read(bytes, charset, limits));
  Calendars out{.repairs = std::move(read.repairs), .is_truncated = read.is_truncated};
  Component* wrapper = nullptr;
  for (Component& component : read.components) {
    if (component.is("VCALENDAR")) {
      out.calendars.push_back(std::move(component));
      wrapper = nullptr;
      continue;
    }
    if (component.is("VCARD")) return fail(Errc::invalid, "line 1: this is a vCard, not a calendar.");
    if (wrapper == nullptr) {
      out.calendars.push_back({.name = "VCALENDAR"});
      wrapper = &out.calendars.back();
      if (out.repairs.size() < lines::kMostRepairs)
        out.repairs.push_back({.line = 1, .text = "a component stood outside of VCALENDAR"});
    }
    wrapper->components.push_back(std::move(component));
  }
  for (Component& calendar : out.calendars) {
    put_right(calendar);
    add_missing(calendar, out.repairs);
  }
  return out;
}

std::string write(const Component& calendar) { return lines::write(calendar); }

}  // namespace kontor::icalendar
