// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/calendar_data.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "wire/dav/names.h"

namespace kontor::wire::dav {
namespace {

std::optional<int> digits_of(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

Parsed<WantedComponent::Property> wanted_property(const xml::Element& element) {
  const std::string* name = element.attribute("name");
  if (!name || name->empty()) return refuse("A prop has no name.");
  const std::string* no_value = element.attribute("novalue");
  return WantedComponent::Property{to_upper(*name), no_value && *no_value == "yes"};
}

Parsed<WantedComponent> wanted_component(const xml::Element& element) {
  WantedComponent out;
  const std::string* name = element.attribute("name");
  if (!name || name->empty()) return refuse("A comp has no name.");
  out.name = to_upper(*name);
  out.has_all_properties = element.child(caldav("allprop")) != nullptr;
  out.has_all_components = element.child(caldav("allcomp")) != nullptr;
  for (const xml::Element* prop : element.children(caldav("prop"))) {
    TRY(auto property, wanted_property(*prop));
    out.properties.push_back(std::move(property));
  }
  for (const xml::Element* comp : element.children(caldav("comp"))) {
    TRY(auto component, wanted_component(*comp));
    out.components.push_back(std::move(component));
  }
  return out;
}

Parsed<std::optional<TimeRange>> range_child(const xml::Element& element, std::string_view name) {
  const xml::Element* child = element.child(caldav(name));
  if (!child) return std::nullopt;
  TRY(const TimeRange range, parse_time_range(*child, true));
  return range;
}

void take_attribute(const xml::Element& element, std::string_view name, std::string& into) {
  if (const std::string* value = element.attribute(name); value && !value->empty()) into = *value;
}

}  // namespace

std::optional<Instant> parse_utc_time(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = digits_of(text.substr(0, 4)), month = digits_of(text.substr(4, 2)),
             day = digits_of(text.substr(6, 2));
  const auto hour = digits_of(text.substr(9, 2)), minute = digits_of(text.substr(11, 2)),
             second = digits_of(text.substr(13, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  // A leap second is the next minute's first.
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::string print_utc_time(Instant time) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(time.time_since_epoch().count()));
}

Parsed<TimeRange> parse_time_range(const xml::Element& element, bool needs_both) {
  TimeRange out;
  for (const auto& [name, into] : {std::pair{"start", &out.start}, std::pair{"end", &out.end}}) {
    const std::string* value = element.attribute(name);
    if (!value) continue;
    *into = parse_utc_time(*value);
    if (!*into) return refuse(fmt::format("The {} of a {} is no UTC time.", name, element.name.local));
    if (**into < kEarliestTime) return refuse(caldav("min-date-time"), "That is before all times of calendars.");
    if (**into > kLatestTime) return refuse(caldav("max-date-time"), "That is after all times of calendars.");
  }
  if (needs_both ? !out.start || !out.end : !out.start && !out.end)
    return refuse(fmt::format("A {} has no start or no end.", element.name.local));
  if (out.start && out.end && *out.end <= *out.start)
    return refuse(fmt::format("The end of a {} is not behind its start.", element.name.local));
  return out;
}

Parsed<CalendarData> parse_calendar_data(const xml::Element& element) {
  CalendarData out;
  take_attribute(element, "content-type", out.content_type);
  take_attribute(element, "version", out.version);
  if (!iequals(out.content_type, "text/calendar") || out.version != "2.0")
    return refuse(caldav("supported-calendar-data"), "Calendars are told as text/calendar, version 2.0.");
  if (const xml::Element* comp = element.child(caldav("comp"))) {
    TRY(out.only, wanted_component(*comp));
  }
  TRY(out.expand, range_child(element, "expand"));
  TRY(out.overridden, range_child(element, "limit-recurrence-set"));
  TRY(out.free_busy_limit, range_child(element, "limit-freebusy-set"));
  if (out.expand && out.overridden) return refuse("Only one of expand and limit-recurrence-set can be asked for.");
  return out;
}

Parsed<AddressData> parse_address_data(const xml::Element& element) {
  AddressData out;
  take_attribute(element, "content-type", out.content_type);
  take_attribute(element, "version", out.version);
  const bool is_known = iequals(out.content_type, "text/vcard") && (out.version == "3.0" || out.version == "4.0");
  if (!is_known) return refuse(carddav("supported-address-data"), "Cards are told as text/vcard, version 3.0 or 4.0.");
  for (const xml::Element* prop : element.children(carddav("prop"))) {
    TRY(auto property, wanted_property(*prop));
    if (!out.only) out.only.emplace();
    out.only->push_back(std::move(property));
  }
  return out;
}

}  // namespace kontor::wire::dav
