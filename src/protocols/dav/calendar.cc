// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar.h"

#include <algorithm>
#include <array>
#include <variant>

#include "formats/icalendar/calendar.h"
#include "protocols/dav/calendar_publish.h"
#include "protocols/dav/calendar_zones.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;
using What = Resource::What;

bool is_calendar_query(const wire::dav::Report& report) {
  return std::holds_alternative<wire::dav::CalendarQuery>(report);
}
bool is_calendar_multiget(const wire::dav::Report& report) {
  const auto* multiget = std::get_if<wire::dav::Multiget>(&report);
  return multiget != nullptr && !multiget->is_of_cards;
}
bool is_free_busy_query(const wire::dav::Report& report) {
  return std::holds_alternative<wire::dav::FreeBusyQuery>(report);
}

constexpr Scope kQueried{on(What::collection, What::item), kOfCalendars, in(Space::calendars)};
constexpr Scope kBoxes{on(What::special), ~0U, in(Space::calendars)};
constexpr Scope kGotten{on(What::collection, What::item, What::home, What::special), ~0U, in(Space::calendars)};
constexpr Scope kBusy{on(What::collection, What::home), ~0U, in(Space::calendars)};

const Report kCalendarReports[] = {
    {caldav("calendar-query"), kQueried, is_calendar_query, report_calendar_query},
    {caldav("calendar-query"), kBoxes, is_calendar_query, report_calendar_query},
    {caldav("calendar-multiget"), kGotten, is_calendar_multiget, report_calendar_multiget},
    {caldav("free-busy-query"), kBusy, is_free_busy_query, report_free_busy},
};

const Method kCalendarMethods[] = {
    {"MKCALENDAR", {on(What::absent), ~0U, in(Space::calendars)}, Method::Body::text, do_mkcalendar},
    {"POST", kCalendarScope, Method::Body::text, do_publish},
    {"GET", kCalendarItemScope, Method::Body::none, get_calendar_object},
    {"HEAD", kCalendarItemScope, Method::Body::none, get_calendar_object},
    {"GET", kMessageScope, Method::Body::none, get_calendar_object},
    {"HEAD", kMessageScope, Method::Body::none, get_calendar_object},
};

std::vector<xml::NameView> calendar_types(const Resource& resource) {
  if (kCalendarScope.covers(resource)) return {caldav("calendar")};
  return {};
}

void calendar_headers(Context& context, const Resource& resource,
                      std::vector<std::pair<std::string, std::string>>& headers) {
  const bool is_read = context.request.method == "GET" || context.request.method == "HEAD";
  if (is_read && (kCalendarItemScope.covers(resource) || kMessageScope.covers(resource)))
    headers.emplace_back("Vary", "CalDAV-Timezones");
}

const Family kCalendarFamily = {.name = "calendar",
                                .properties = calendar_properties(),
                                .methods = kCalendarMethods,
                                .reports = kCalendarReports,
                                .compliance = "calendar-access, calendar-no-timezone",
                                .types = calendar_types,
                                .headers = calendar_headers,
                                .check = check_calendar_object,
                                .open = open_published};

}  // namespace

const Family& calendar_family() { return kCalendarFamily; }

icalendar::ZonePointer zone_of(const groupware::Folder& folder, const icalendar::ZoneDatabase& zones) {
  auto zone = groupware::own_zone(folder, zones);
  return zone ? zone : icalendar::utc_zone();
}

std::vector<std::string_view> components_of(const groupware::Folder& folder) {
  if (const auto own = folder.properties.find(kComponents); own != folder.properties.end())
    return lines::split(own->second, ',');
  switch (folder.kind) {
    case groupware::Kind::tasks:
      return {"VTODO"};
    case groupware::Kind::notes:
      return {"VJOURNAL"};
    default:
      return {"VEVENT", "VTODO", "VJOURNAL"};
  }
}

Outcome<Response> do_mkcalendar(Context& context, const Resource& resource) {
  std::vector<xml::Element> properties;
  if (!context.body.empty()) {
    TRY(properties, wire::dav::parse_new_collection(context.body, caldav("mkcalendar")));
  }
  return make_collection(context, resource, properties, {}, caldav("mkcalendar-response"));
}

}  // namespace kontor::dav
