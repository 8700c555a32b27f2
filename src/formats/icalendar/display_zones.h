// SPDX-License-Identifier: AGPL-3.0-or-later
// Time zones as Windows and Outlook show them to people, which some programs write as TZID.
#pragma once

#include <string_view>

namespace kontor::icalendar {

// "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", with GMT or without the offset, and
// "tzone://Microsoft/Utc" -> the zone's Windows name ("W. Europe Standard Time"). Empty if it is none.
std::string_view windows_name_of(std::string_view shown);

}  // namespace kontor::icalendar
