// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/redact.h"

#include <algorithm>

#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"

namespace kontor::groupware {
namespace {

// Of events, tasks and journal entries. What is not named here goes, unknown properties with it.
constexpr std::string_view kShown[] = {
    "UID",    "DTSTAMP", "DTSTART",       "DTEND", "DUE",    "DURATION", "RRULE",    "RDATE",
    "EXDATE", "EXRULE",  "RECURRENCE-ID", "CLASS", "TRANSP", "STATUS",   "SEQUENCE", "X-MICROSOFT-CDO-BUSYSTATUS"};

lines::Component redact_component(const lines::Component& component) {
  if (icalendar::kind_of(component) == icalendar::ComponentKind::time_zone) return component;
  lines::Component out;
  out.name = component.name;
  for (const lines::Property& property : component.properties)
    if (std::ranges::any_of(kShown, [&](std::string_view name) { return property.is(name); }))
      out.properties.push_back(property);
  out.set("SUMMARY", std::string(kRedactedSummary));
  return out;
}

}  // namespace

std::string redact(const lines::Component& calendar) {
  lines::Component out;
  out.name = calendar.name;
  for (const std::string_view name : {"VERSION", "PRODID", "CALSCALE"})
    if (const lines::Property* property = calendar.find(name)) out.properties.push_back(*property);
  for (const lines::Component& component : calendar.components) {
    const icalendar::ComponentKind kind = icalendar::kind_of(component);
    if (kind != icalendar::ComponentKind::other && kind != icalendar::ComponentKind::alarm)
      out.components.push_back(redact_component(component));
  }
  return icalendar::write(out);
}

Result<std::string> redact(std::string_view bytes) {
  TRY(const icalendar::Calendars read, icalendar::read(bytes));
  return redact(read.calendars.front());
}

}  // namespace kontor::groupware
