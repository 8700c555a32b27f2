// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/access.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace kontor::icalendar {
namespace {

int number(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max(value, 0);
}

std::string or_default(const lines::Property& property, std::string_view parameter, std::string_view otherwise) {
  const std::string_view value = property.parameter(parameter);
  return value.empty() ? std::string(otherwise) : to_upper(value);
}

std::vector<std::string> addresses(const lines::Property& property, std::string_view parameter) {
  std::vector<std::string> out;
  if (const lines::Parameter* found = property.find(parameter))
    for (const std::string& value : found->values) out.push_back(address_of(value));
  return out;
}

bool has_value(const lines::Component& component, std::string_view property, std::string_view value) {
  return iequals(component.value(property), value);
}

}  // namespace

ComponentKind kind_of(const lines::Component& component) {
  static constexpr std::pair<std::string_view, ComponentKind> kKinds[] = {
      {"VEVENT", ComponentKind::event},
      {"VTODO", ComponentKind::todo},
      {"VJOURNAL", ComponentKind::journal},
      {"VFREEBUSY", ComponentKind::free_busy},
      {"VTIMEZONE", ComponentKind::time_zone},
      {"VALARM", ComponentKind::alarm},
      {"VAVAILABILITY", ComponentKind::availability}};
  for (const auto& [name, kind] : kKinds)
    if (component.is(name)) return kind;
  return ComponentKind::other;
}

std::string text(const lines::Component& component, std::string_view property) {
  return lines::unescape(component.value(property));
}

std::string uid(const lines::Component& component) { return text(component, "UID"); }

std::vector<std::string> text_list(const lines::Component& component, std::string_view property) {
  std::vector<std::string> out;
  for (const lines::Property* found : component.all(property))
    for (const std::string_view part : lines::split(found->value, ','))
      if (!part.empty()) out.push_back(lines::unescape(part));
  return out;
}

Result<std::optional<When>> when(const lines::Component& component, std::string_view property) {
  const lines::Property* found = component.find(property);
  if (found == nullptr) return std::nullopt;
  TRY(When value, when_of(*found));
  return value;
}

Result<Times> times_of(const lines::Component& component) {
  Times times;
  TRY(times.start, when(component, "DTSTART"));
  TRY(times.end, when(component, component.is("VTODO") ? "DUE" : "DTEND"));
  if (const lines::Property* duration = component.find("DURATION"); duration != nullptr && !times.end) {
    TRY(times.duration, parse_duration(duration->value));
  }
  return times;
}

Result<std::optional<RecurrenceId>> recurrence_id(const lines::Component& component) {
  const lines::Property* found = component.find("RECURRENCE-ID");
  if (found == nullptr) return std::nullopt;
  TRY(When value, when_of(*found));
  return RecurrenceId{.when = std::move(value), .and_future = found->has("RANGE", "THISANDFUTURE")};
}

int sequence(const lines::Component& component) { return number(component.value("SEQUENCE")); }

bool is_cancelled(const lines::Component& component) { return has_value(component, "STATUS", "CANCELLED"); }

bool is_transparent(const lines::Component& component) { return has_value(component, "TRANSP", "TRANSPARENT"); }

Class class_of(const lines::Component& component) {
  const std::string_view value = component.value("CLASS");
  if (value.empty() || iequals(value, "PUBLIC")) return Class::open;
  return iequals(value, "CONFIDENTIAL") ? Class::confidential : Class::private_;
}

std::string address_of(std::string_view uri) {
  while (uri.starts_with(' ')) uri.remove_prefix(1);
  const bool is_mail = uri.size() >= 7 && iequals(uri.substr(0, 7), "mailto:");
  if (is_mail) uri.remove_prefix(7);
  return is_mail || uri.contains('@') ? to_lower(uri) : std::string(uri);
}

Person person_of(const lines::Property& property) {
  return {.address = address_of(property.value),
          .name = std::string(property.parameter("CN")),
          .role = or_default(property, "ROLE", "REQ-PARTICIPANT"),
          .status = or_default(property, "PARTSTAT", "NEEDS-ACTION"),
          .type = or_default(property, "CUTYPE", "INDIVIDUAL"),
          .rsvp = property.has("RSVP", "TRUE"),
          .sent_by = address_of(property.parameter("SENT-BY")),
          .delegated_to = addresses(property, "DELEGATED-TO"),
          .delegated_from = addresses(property, "DELEGATED-FROM"),
          .members = addresses(property, "MEMBER")};
}

std::optional<Person> organizer(const lines::Component& component) {
  const lines::Property* found = component.find("ORGANIZER");
  if (found == nullptr) return std::nullopt;
  return person_of(*found);
}

std::vector<Person> attendees(const lines::Component& component) {
  std::vector<Person> out;
  for (const lines::Property* found : component.all("ATTENDEE")) out.push_back(person_of(*found));
  return out;
}

Result<Alarm> alarm_of(const lines::Component& valarm) {
  const lines::Property* trigger = valarm.find("TRIGGER");
  if (trigger == nullptr) return fail(Errc::invalid, "An alarm without TRIGGER.");
  Alarm alarm{.action = to_upper(valarm.value("ACTION")),
              .uid = uid(valarm),
              .from_end = trigger->has("RELATED", "END"),
              .repeat = number(valarm.value("REPEAT"))};
  if (trigger->has("VALUE", "DATE-TIME") || !trigger->value.contains('P')) {
    TRY(alarm.at, when_of(*trigger));
  } else {
    TRY(alarm.before, parse_duration(trigger->value));
  }
  if (const std::string_view every = valarm.value("DURATION"); !every.empty()) {
    TRY(alarm.every, parse_duration(every));
  }
  if (alarm.repeat > 0 && alarm.every.length() <= std::chrono::seconds(0)) alarm.repeat = 0;
  TRY(alarm.acknowledged, when(valarm, "ACKNOWLEDGED"));
  return alarm;
}

}  // namespace kontor::icalendar
