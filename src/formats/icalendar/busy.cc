// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/busy.h"

#include <algorithm>
#include <array>
#include <set>
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

bool takes_time(const lines::Component& event) {
  return event.is("VEVENT") && !is_transparent(event) && !is_cancelled(event);
}

BusyType type_of_event(const lines::Component& event) {
  return iequals(event.value("STATUS"), "TENTATIVE") ? BusyType::tentative : BusyType::busy;
}

class Gathering {
 public:
  Gathering(Window window, std::size_t most, Occurrences& occurrences, std::vector<Busy>& out)
      : window_(window), most_(most), occurrences_(occurrences), out_(out) {}

  Result<void> take(Instant from, Instant to, BusyType type) {
    from = std::max(from, window_.from), to = std::min(to, window_.to);
    if (from >= to) return {};
    // A busy second after the other is one time.
    if (!out_.empty() && out_.back().type == type && out_.back().to >= from && out_.back().from <= from) {
      out_.back().to = std::max(out_.back().to, to);
      return {};
    }
    if (out_.size() >= most_) return fail(Errc::too_large, "There are too many busy times.");
    out_.push_back({.from = from, .to = to, .type = type});
    return {};
  }

  Result<void> take_events(const std::string& uid) {
    const Series* series = occurrences_.series(uid);
    if (series == nullptr) return {};
    Expansion expansion = series->expand(window_.from, window_.to);
    while (true) {
      TRY(const auto next, expansion.next(occurrences_.budget()));
      if (!next) return {};
      if (takes_time(*next->component)) TRY_VOID(take(next->start, next->end, type_of_event(*next->component)));
    }
  }

  Result<void> take_periods(const lines::Property& property) {
    const std::string type = to_upper(property.parameter("FBTYPE"));
    if (type == "FREE") return {};
    std::vector<Period> periods;
    if (!whens_of(property, &periods)) return {};
    for (const Period& period : periods) {
      const auto at = [](const When& when) { return Instant(when.wall.time_since_epoch()); };  // always in UTC
      const Instant from = at(period.start);
      TRY_VOID(take(from, period.end ? at(*period.end) : from + period.duration.length(),
                    type == "BUSY-TENTATIVE"     ? BusyType::tentative
                    : type == "BUSY-UNAVAILABLE" ? BusyType::unavailable
                                                 : BusyType::busy));
    }
    return {};
  }

 private:
  Window window_;
  std::size_t most_;
  Occurrences& occurrences_;
  std::vector<Busy>& out_;
};

}  // namespace

Result<void> busy_times(const lines::Component& calendar, Window window, std::size_t most, Occurrences& occurrences,
                        std::vector<Busy>& out) {
  Gathering gathering(window, most, occurrences, out);
  std::set<std::string> uids;
  for (const lines::Component& component : calendar.components) {
    if (component.is("VFREEBUSY"))
      for (const lines::Property* property : component.all("FREEBUSY")) TRY_VOID(gathering.take_periods(*property));
    if (component.is("VEVENT") && uids.insert(uid(component)).second) TRY_VOID(gathering.take_events(uid(component)));
  }
  return {};
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
