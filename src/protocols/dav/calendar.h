// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars, task lists and notebooks over CalDAV (RFC 4791): what its files share.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/icalendar/zones.h"
#include "groupware/calendar/calendar_zone.h"
#include "groupware/default_folders.h"
#include "protocols/dav/family.h"

namespace kontor::dav {

// Properties of a folder.
constexpr const char* kComponents = groupware::kCalendarComponents;
constexpr const char* kOrder = "calendar.order";  // among others, as Apple's clients sort them

// Collections of calendars, tasks and notes.
constexpr Scope kCalendarScope{on(Resource::What::collection), kOfCalendars, in(Space::calendars)};
constexpr Scope kCalendarItemScope{on(Resource::What::item), kOfCalendars, in(Space::calendars)};
// Scheduling messages in an inbox.
constexpr Scope kMessageScope{on(Resource::What::item), of(groupware::Kind::files), in(Space::calendars)};

// In which floating times and whole days of the calendar take place: its own zone; UTC where it has none.
icalendar::ZonePointer zone_of(const groupware::Folder& folder, const icalendar::ZoneDatabase& zones);

// The names of the components that the calendar takes.
std::vector<std::string_view> components_of(const groupware::Folder& folder);

std::span<const Property> calendar_properties();
Outcome<Response> do_mkcalendar(Context& context, const Resource& resource);
Outcome<Response> report_calendar_query(Context& context, const Resource& resource, const wire::dav::Report& report);
Outcome<Response> report_calendar_multiget(Context& context, const Resource& resource, const wire::dav::Report& report);
Outcome<Response> report_free_busy(Context& context, const Resource& resource, const wire::dav::Report& report);
// The preconditions of PUT, COPY and MOVE (RFC 4791 section 5.3.2.1).
Outcome<> check_calendar_object(Context& context, const Change& change);

const Family& calendar_family();

}  // namespace kontor::dav
