// SPDX-License-Identifier: AGPL-3.0-or-later
// What the time zone service answers (RFC 7808), without a network: the system's zoneinfo for clients that keep their
// zones by it. Open to everybody; what a request costs is bounded.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "formats/icalendar/zones.h"

namespace kontor::tzdist {

constexpr std::string_view kService = "/timezones";
// A request for more is refused.
constexpr std::chrono::days kLongestExpansion{366 * 300};

struct Asked {
  std::string method, path;                                     // percent-decoded
  std::vector<std::pair<std::string, std::string>> parameters;  // of the query
  std::vector<std::pair<std::string, std::string>> headers;
};
struct Told {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

// Thread-safe. `leap_seconds`: the file of that name (of the IERS, as zoneinfo has it); where there is none the service
// does without the action.
class Service {
 public:
  Service(const icalendar::ZoneDatabase& zones, const Clock& clock,
          std::string leap_seconds = "/usr/share/zoneinfo/leap-seconds.list");

  Told answer(const Asked& asked) const;

 private:
  struct LeapSecond {
    Instant onset;
    int offset;  // UTC to TAI
  };
  struct LeapSeconds {
    Instant expires;
    std::vector<LeapSecond> all;
  };
  static LeapSeconds read_leap_seconds(const std::string& file);

  Told capabilities() const;
  Told list(const Asked& asked) const;
  Told find(const Asked& asked, const std::string& pattern) const;
  Told zone(const Asked& asked, const std::string& id) const;
  Told observances(const Asked& asked, const std::string& id) const;
  Told leap_seconds(const Asked& asked) const;
  std::string etag() const;

  const icalendar::ZoneDatabase& zones_;
  const Clock& clock_;
  const LeapSeconds leaps_;
};

}  // namespace kontor::tzdist
