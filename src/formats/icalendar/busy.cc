// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/busy.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>

#include "base/bytes.h"
#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

std::string utc_text(Instant at) {
  return print(When{.kind = When::Kind::utc, .wall = Wall(at.time_since_epoch()), .zone = {}});
}

BusyType type_of_period(const std::string& type) {
  return type == "BUSY-TENTATIVE"     ? BusyType::tentative
         : type == "BUSY-UNAVAILABLE" ? BusyType::unavailable
                                      : BusyType::busy;
}

}  // namespace

void told_times(const lines::Component& free_busy, Window window, std::vector<Busy>& out) {
  for (const lines::Property* property : free_busy.all("FREEBUSY")) {
    const std::string type = to_upper(property->parameter("FBTYPE"));
    std::vector<Period> periods;
    if (type == "FREE" || !whens_of(*property, &periods)) continue;
    for (const Period& period : periods) {
      const auto at = [](const When& when) { return Instant(when.wall.time_since_epoch()); };  // always in UTC
      const Instant from = at(period.start), to = period.end ? at(*period.end) : from + period.duration.length();
      const Busy one{.from = std::max(from, window.from), .to = std::min(to, window.to), .type = type_of_period(type)};
      if (one.from < one.to) out.push_back(one);
    }
  }
}

std::vector<Busy> merged(std::vector<Busy> times) {
  std::erase_if(times, [](const Busy& one) { return one.from >= one.to; });
  std::ranges::sort(times, {}, [](const Busy& one) { return std::tuple(one.type, one.from, one.to); });
  std::vector<Busy> out;
  for (const Busy& one : times) {
    if (!out.empty() && out.back().type == one.type && out.back().to >= one.from)
      out.back().to = std::max(out.back().to, one.to);
    else
      out.push_back(one);
  }
  std::ranges::sort(out, {}, [](const Busy& one) { return std::tuple(one.from, one.type); });
  return out;
}

lines::Component free_busy(Window window, const std::vector<Busy>& times, Instant now) {
  static constexpr std::array<std::string_view, 3> kTypes = {"BUSY-TENTATIVE", "", "BUSY-UNAVAILABLE"};
  lines::Component busy{.name = "VFREEBUSY"};
  busy.set("DTSTAMP", utc_text(now));
  busy.set("DTSTART", utc_text(window.from));
  busy.set("DTEND", utc_text(window.to));
  for (const Busy& one : times) {
    lines::Property property{.name = "FREEBUSY", .value = utc_text(one.from) + "/" + utc_text(one.to)};
    if (const auto type = kTypes[static_cast<std::size_t>(one.type)]; !type.empty()) property.set("FBTYPE", type);
    busy.properties.push_back(std::move(property));
  }
  lines::Component out{.name = "VCALENDAR"};
  out.set("VERSION", "2.0");
  out.set("PRODID", "-//Kontor//Kontor//EN");
  out.components.push_back(std::move(busy));
  return out;
}

}  // namespace kontor::icalendar
