// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/alarm_spans.h"

#include <algorithm>

#include "formats/icalendar/access.h"
#include "formats/icalendar/occurrences.h"
#include "groupware/calendar/time_index.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMostSpans = 8;

class AlarmSpanSearch {
 public:
  AlarmSpanSearch(const lines::Component& calendar, const Facts& facts, const icalendar::ZoneDatabase& zones)
      : item_(facts.has_time() ? std::optional(span_of(facts)) : std::nullopt), zones_(calendar, zones) {}

  // What cannot be read never rings.
  void take(const lines::Component& valarm) {
    const auto alarm = icalendar::alarm_of(valarm);
    if (!alarm) return;
    const seconds repeats = std::min(alarm->repeat, icalendar::kMostAlarmRepeats) * alarm->every.length();
    if (alarm->at)
      take_moment(*alarm->at, repeats);
    else if (item_)
      add(item_->first + alarm->before.length(), item_->last + alarm->before.length() + repeats);
  }

  std::vector<AlarmSpan> take_found() {
    std::ranges::sort(found_, {}, &AlarmSpan::first);
    std::vector<AlarmSpan> out;
    for (const AlarmSpan& one : found_) {
      if (!out.empty() && one.first <= out.back().last)
        out.back().last = std::max(out.back().last, one.last);
      else
        out.push_back(one);
    }
    if (out.size() > kMostSpans) out = {{out.front().first, out.back().last}};
    return out;
  }

 private:
  void take_moment(const icalendar::When& when, seconds repeats) {
    const Instant as_utc(when.wall.time_since_epoch());
    if (when.kind == icalendar::When::Kind::utc) return add(as_utc, as_utc + repeats);
    if (when.kind == icalendar::When::Kind::zoned) {
      const auto zone = zones_.find(when.zone);
      if (!zone) return;
      const Instant at = (*zone)->resolve(when.wall).at;
      return add(at - kZoneMargin, at + repeats + kZoneMargin);
    }
    add(as_utc - kFloatingMargin, as_utc + repeats + kFloatingMargin);
  }

  void add(Instant first, Instant last) {
    found_.push_back({within_index(first), within_index(std::max(first, last))});
  }

  std::optional<TimeSpan> item_;
  icalendar::CalendarZones zones_;
  std::vector<AlarmSpan> found_;
};

}  // namespace

std::vector<AlarmSpan> alarm_spans(const lines::Component& calendar, const Facts& facts,
                                   const icalendar::ZoneDatabase& zones) {
  AlarmSpanSearch search(calendar, facts, zones);
  for (const lines::Component& component : calendar.components)
    for (const lines::Component& inner : component.components)
      if (icalendar::kind_of(inner) == icalendar::ComponentKind::alarm) search.take(inner);
  return search.take_found();
}

}  // namespace kontor::groupware
