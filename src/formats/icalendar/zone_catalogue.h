// SPDX-License-Identifier: AGPL-3.0-or-later
// Which zones the system's zoneinfo has, of which release, and which of its names mean the same.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace kontor::icalendar {

struct ZoneCatalogue {
  // The name by which a zone is listed: itself, what an alias means, or "" for what is none.
  std::string_view canonical(std::string_view name) const;
  bool has(std::string_view name) const { return !canonical(name).empty(); }

  std::string version;                                              // "2025b"; "unknown"
  std::map<std::string, std::set<std::string>, std::less<>> zones;  // with their other names
  std::map<std::string, std::string, std::less<>> aliases;          // and what they mean
};

// From tzdata.zi; without one, all files of zones there are. Nothing if there is no such folder.
ZoneCatalogue read_zone_catalogue(const std::string& folder);

}  // namespace kontor::icalendar
