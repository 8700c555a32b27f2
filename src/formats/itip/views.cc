// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/views.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"

namespace kontor::itip {
namespace {

constexpr std::string_view kNotSent[] = {"SCHEDULE-AGENT", "SCHEDULE-FORCE-SEND", "SCHEDULE-STATUS", "X-KONTOR-REPLY"};
constexpr std::string_view kOfCancel[] = {"UID",     "DTSTART",  "DTEND",         "DURATION",  "DUE",
                                          "SUMMARY", "LOCATION", "RECURRENCE-ID", "ORGANIZER", "COMMENT"};
constexpr std::string_view kOfReply[] = {
    "UID",       "DTSTART",  "DTEND",   "DURATION",         "DUE",      "SUMMARY", "RECURRENCE-ID",
    "ORGANIZER", "SEQUENCE", "COMMENT", "PERCENT-COMPLETE", "COMPLETED"};

template <std::size_t n>
void take_over(const Component& from, const std::string_view (&names)[n], Component& into) {
  for (const Property& property : from.properties)
    if (std::ranges::any_of(names, [&](std::string_view name) { return property.is(name); })) {
      into.properties.push_back(property);
      clean_person(into.properties.back());
    }
}

}  // namespace

void clean_person(Property& person) {
  for (const std::string_view name : kNotSent) person.remove(name);
}

void stamp(Component& part, const Setting& setting) {
  const icalendar::When now{.kind = icalendar::When::Kind::utc,
                            .wall = icalendar::Wall(setting.now.time_since_epoch())};
  part.set("DTSTAMP", print(now));
}

Component clean(const Component& like, std::vector<Component> parts, const Setting& setting) {
  Component out = empty_like(like);
  for (Component& part : parts) {
    std::erase_if(part.components, [](const Component& inner) { return inner.is("VALARM"); });
    for (Component& inner : part.components) inner.place = Component::kLast;
    for (Property& property : part.properties)
      if (property.is("ATTENDEE") || property.is("ORGANIZER")) clean_person(property);
    std::erase_if(part.properties, [](const Property& property) {
      return property.is("REQUEST-STATUS") || property.name.starts_with("X-KONTOR-") ||
             property.name.starts_with("X-MOZ-") || property.name.starts_with("X-LIC-");
    });
    stamp(part, setting);
    part.place = Component::kLast;
    out.components.push_back(std::move(part));
  }
  return out;
}

std::optional<Component> view_for(const Component& object, const std::string& address, const Setting& setting) {
  Parts parts(object, setting.zones);
  const Component* master = parts.master();
  const bool in_series = master != nullptr && attendee(*master, address) != nullptr;
  std::vector<Component> shown;
  if (in_series) shown.push_back(*master);
  for (const Component& part : object.components) {
    if (!is_scheduled(part) || &part == master) continue;
    if (attendee(part, address) != nullptr) {
      shown.push_back(part);
    } else if (in_series) {
      const auto id = icalendar::recurrence_id(part);
      if (id && *id) add_exdate(shown.front(), (*id)->when);
    }
  }
  if (shown.empty()) return std::nullopt;
  return clean(object, std::move(shown), setting);
}

Component cancelled(const Component& part, const std::set<std::string>& addresses, int sequence) {
  Component out{.name = part.name};
  take_over(part, kOfCancel, out);
  for (const Property* person : part.all("ATTENDEE"))
    if (addresses.contains(icalendar::address_of(person->value))) {
      out.properties.push_back(*person);
      clean_person(out.properties.back());
    }
  out.set("SEQUENCE", std::to_string(sequence));
  out.set("STATUS", "CANCELLED");
  return out;
}

Component reply_part(const Component& part, Property person, const Setting& setting) {
  Component out{.name = part.name};
  take_over(part, kOfReply, out);
  clean_person(person);
  person.remove("RSVP");
  out.properties.push_back(std::move(person));
  stamp(out, setting);
  return out;
}

Message make_message(Method method, std::string from, std::vector<std::string> to, Component calendar,
                     const Component& zones_of) {
  bring_zones(zones_of, calendar);
  calendar.remove("METHOD");
  calendar.properties.push_back({.name = "METHOD", .value = std::string(name(method))});
  for (Component& component : calendar.components) component.place = Component::kLast;
  return {method, std::move(from), std::move(to), std::move(calendar)};
}

void add_message(Method method, const std::string& from, std::vector<std::string> to, const Component& like,
                 std::vector<Component> parts, const Component& zones_of, const Setting& setting,
                 std::vector<Message>& out) {
  if (parts.empty()) return;
  out.push_back(make_message(method, from, std::move(to), clean(like, std::move(parts), setting), zones_of));
}

}  // namespace kontor::itip
