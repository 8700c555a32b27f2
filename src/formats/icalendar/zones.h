// SPDX-License-Identifier: AGPL-3.0-or-later
// Which zone a TZID means: the system's zoneinfo by its IANA name, also behind the prefixes of other programs; by its
// Windows name, or as Outlook shows it; else by the rules that came with it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "formats/icalendar/zone.h"
#include "formats/icalendar/zone_catalogue.h"

namespace kontor::icalendar {

// Thread-safe. Zones are read when they are first asked for, and kept.
class ZoneDatabase {
 public:
  explicit ZoneDatabase(std::string folder = "/usr/share/zoneinfo");

  // By an IANA name; null if there is none.
  ZonePointer find(std::string_view name) const;
  // Also "/mozilla.org/20050126_1/Europe/Berlin", "W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin, Bern,
  // Rome, Stockholm, Vienna" and "europe/berlin" with other cases of ASCII.
  ZonePointer match(std::string_view id) const;
  // Of what is there when it is first asked for, as with zones.
  const ZoneCatalogue& catalogue() const;

 private:
  std::string folder_;
  mutable std::mutex mutex_;
  mutable std::once_flag is_listed_;
  mutable ZoneCatalogue catalogue_;
  mutable std::map<std::string, ZonePointer, std::less<>> zones_;
};

// The zones that one calendar names. Not thread-safe; refers to both arguments.
class CalendarZones {
 public:
  CalendarZones(const lines::Component& calendar, const ZoneDatabase& database);

  // Errors: invalid, when nothing says what the TZID means.
  Result<ZonePointer> find(std::string_view id);

 private:
  Result<ZonePointer> look_up(std::string_view id) const;

  const lines::Component& calendar_;
  const ZoneDatabase& database_;
  std::map<std::string, ZonePointer, std::less<>> known_;
};

}  // namespace kontor::icalendar
