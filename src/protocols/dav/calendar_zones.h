// SPDX-License-Identifier: AGPL-3.0-or-later
// Time zones by reference (RFC 7809): whether answers bring VTIMEZONEs along.
#pragma once

#include <string>

#include "protocols/dav/family.h"

namespace kontor::dav {

// Where zones are served (RFC 7808), as URLs of this host: protocols/tzdist.
constexpr std::string_view kZoneService = "/timezones";

// The object as the request's CalDAV-Timezones header wants it; without one as it is.
std::string with_zones_as_asked(const Context& context, std::string bytes);

// GET and HEAD of an event, task or note, or of a message about one.
Outcome<Response> get_calendar_object(Context& context, const Resource& resource);

// CALDAV:timezone-service-set of homes.
Shown print_zone_services(Context& context, const Resource& resource, xml::Printer& out);

}  // namespace kontor::dav
