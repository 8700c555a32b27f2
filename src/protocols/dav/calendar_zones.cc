// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_zones.h"

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/zones_by_reference.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

constexpr const char* kZonesHeader = "CalDAV-Timezones";

enum class ZonesAsked : std::uint8_t { as_stored, in, out };
ZonesAsked zones_asked(const Context& context) {
  const std::string_view value = context.header("caldav-timezones");
  if (iequals(value, "T")) return ZonesAsked::in;
  return iequals(value, "F") ? ZonesAsked::out : ZonesAsked::as_stored;
}

}  // namespace

std::string with_zones_as_asked(const Context& context, std::string bytes) {
  const ZonesAsked asked = zones_asked(context);
  if (asked == ZonesAsked::as_stored) return bytes;
  auto read = icalendar::read(bytes, "utf-8");
  if (!read || read->calendars.size() != 1) return bytes;
  lines::Component& calendar = read->calendars.front();
  const icalendar::ZoneDatabase& zones = context.services.accounts.zones();
  const bool is_changed =
      asked == ZonesAsked::in ? icalendar::put_zones_in(calendar, zones) : icalendar::leave_zones_out(calendar, zones);
  return is_changed ? icalendar::write(calendar) : bytes;
}

Outcome<Response> get_calendar_object(Context& context, const Resource& resource) {
  if (zones_asked(context) == ZonesAsked::as_stored) return do_get(context, resource);
  TRY(const auto bytes,
      whole_content(context, *resource.account, resource.entry->item, context.options.largest_object));
  std::string text = with_zones_as_asked(context, *bytes);
  if (text == *bytes) return do_get(context, resource);
  TRY(const auto reader, context.reader(*resource.account));
  if (const auto checked = check_conditions(context, *reader, resource); !checked) {
    if (checked.error().status != 304) return std::unexpected(checked.error());
    return Response{.status = 304, .headers = {{"ETag", resource.entry->etag}, {"Vary", kZonesHeader}}};
  }
  // The ETag is the object's, with zones or without: it says what If-Match will be compared with.
  Response response{.status = 200,
                    .content_type = content_type_of(context, resource),
                    .headers = {{"ETag", resource.entry->etag},
                                {"Cache-Control", "private, no-cache"},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Content-Security-Policy", "sandbox; default-src 'none'"}}};
  add_family_headers(context, resource, response.headers);
  response.length = text.size();
  if (context.request.method != "HEAD") response.body = std::move(text);
  return response;
}

Shown print_zone_services(Context& context, const Resource&, xml::Printer& out) {
  out.open(wire::dav::caldav("timezone-service-set"));
  out.leaf(wire::dav::dav("href"), context.origin() + std::string(kZoneService));
  out.close();
  return Shown::yes;
}

}  // namespace kontor::dav
