// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/difference.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/rule.h"

namespace kontor::itip {
namespace {

constexpr std::string_view kTimes[] = {"DTSTART", "DTEND",  "DURATION", "DUE",          "RRULE",
                                       "RDATE",   "EXRULE", "EXDATE",   "RECURRENCE-ID"};
// What changes without anything having changed, or is its owner's alone.
constexpr std::string_view kUnimportant[] = {
    "DTSTAMP",          "CREATED",        "LAST-MODIFIED", "SEQUENCE",  "TRANSP", "CATEGORIES",
    "PERCENT-COMPLETE", "REQUEST-STATUS", "ATTENDEE",      "ORGANIZER", "COLOR"};

bool is_one_of(const Property& property, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return property.is(name); });
}

// "P1D" as an end: by what it ends at.
std::string end_of(const Component& component, Parts& parts) {
  const auto times = icalendar::times_of(component);
  if (!times) return std::string(component.value("DTEND")).append(component.value("DUE"));
  const auto printed = [&](const icalendar::When& when) {
    const auto key = parts.key(when);
    return key ? std::to_string(static_cast<int>(key->kind)) + "@" + std::to_string(key->second) : print(when);
  };
  if (times->end) return printed(*times->end);
  if (!times->start) return times->duration ? print(*times->duration) : std::string();
  icalendar::When end = *times->start;
  if (times->duration)
    end.wall += times->duration->length();
  else if (end.is_date() && component.is("VEVENT"))
    end.wall += std::chrono::days(1);
  return printed(end);
}

std::multiset<std::string> rules_of(const Component& component) {
  std::multiset<std::string> out;
  for (const std::string_view name : {"RRULE", "EXRULE"})
    for (const Property* property : component.all(name)) {
      const auto rule = icalendar::parse_rule(property->value);
      out.insert(std::string(name) + ":" + (rule ? icalendar::print(*rule) : property->value));
    }
  return out;
}

std::set<PartKey> dates_of(const Component& component, Parts& parts) {
  std::set<PartKey> out;
  for (const Property* property : component.all("RDATE"))
    if (const auto dates = icalendar::whens_of(*property))
      for (const icalendar::When& date : *dates)
        if (const auto key = parts.key(date)) out.insert(*key);
  return out;
}

bool is_same_start(const Component& before, Parts& before_parts, const Component& after, Parts& after_parts) {
  const auto old = icalendar::when(before, "DTSTART");
  const auto now = icalendar::when(after, "DTSTART");
  if (!old || !now) return before.value("DTSTART") == after.value("DTSTART");
  if (!*old || !*now) return !*old && !*now;
  const auto old_key = before_parts.key(**old);
  const auto new_key = after_parts.key(**now);
  if (!old_key || !new_key) return **old == **now;  // of a zone that nobody knows
  return *old_key == *new_key;
}

// What one reads: names and values. Parameters alone (LANGUAGE, X-...) do not count, nor do names nobody else knows.
std::multimap<std::string, std::string> content_of(const Component& component) {
  std::multimap<std::string, std::string> out;
  for (const Property& property : component.properties) {
    if (is_one_of(property, kTimes) || is_one_of(property, kUnimportant)) continue;
    std::string name = to_upper(property.name);
    if (name.starts_with("X-") || property.value.empty()) continue;
    std::string value = property.value;
    while (value.ends_with(' ')) value.pop_back();
    if (name == "STATUS") value = to_upper(value);
    if ((name == "STATUS" && value == "CONFIRMED") || (name == "PRIORITY" && value == "0") ||
        (name == "CLASS" && iequals(value, "PUBLIC")))
      continue;
    out.emplace(std::move(name), std::move(value));
  }
  return out;
}

}  // namespace

bool is_same_time(const Component& before, Parts& before_parts, const Component& after, Parts& after_parts) {
  return is_same_start(before, before_parts, after, after_parts) &&
         end_of(before, before_parts) == end_of(after, after_parts) && rules_of(before) == rules_of(after) &&
         dates_of(before, before_parts) == dates_of(after, after_parts);
}

Difference difference(const Component& before, Parts& before_parts, const Component& after, Parts& after_parts) {
  if (!is_same_time(before, before_parts, after, after_parts)) return Difference::time;
  // What was cancelled and takes place again needs to be said yes to anew.
  if (icalendar::is_cancelled(before) && !icalendar::is_cancelled(after)) return Difference::time;
  if (content_of(before) != content_of(after) || invited(before) != invited(after)) return Difference::content;
  return Difference::none;
}

std::set<std::string> invited(const Component& component) {
  const auto organizer = icalendar::organizer(component);
  std::set<std::string> out;
  for (const Property* property : component.all("ATTENDEE")) {
    std::string address = icalendar::address_of(property->value);
    if (!organizer || address != organizer->address) out.insert(std::move(address));
  }
  return out;
}

std::string status_of(const Property& person) {
  const std::string_view status = person.parameter("PARTSTAT");
  return status.empty() ? "NEEDS-ACTION" : to_upper(status);
}

void set_status(Property& person, std::string_view status) {
  person.set("PARTSTAT", status);
  if (status != "NEEDS-ACTION") person.remove("RSVP");
}

}  // namespace kontor::itip
