// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/alarms.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/series.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

constexpr int kMostRepeats = 100;
constexpr std::size_t kMostAlarms = 100;  // of one component
// Before and after these nothing is due; far enough from the ends of numbers to be reckoned with.
constexpr Instant kFirstAlarm{seconds(-62'000'000'000)}, kLastAlarm{seconds(250'000'000'000)};

struct OwnAlarm {
  icalendar::Alarm alarm;
  const lines::Component* component = nullptr;
  std::optional<Instant> acknowledged, absolute;
  seconds last() const { return alarm.every.length() * alarm.repeat; }
};

bool is_over(const lines::Component& component) {
  return icalendar::is_cancelled(component) || iequals(component.value("STATUS"), "COMPLETED");
}

// The alarms of each component, and how far they lie from the instances that they are about.
class AlarmSearch {
 public:
  AlarmSearch(const lines::Component& calendar, std::string_view uid, AlarmWay way, Instant after,
              const icalendar::ZonePointer& home)
      : way_(way), after_(std::clamp(after, kFirstAlarm, kLastAlarm)) {
    for (const lines::Component& component : calendar.components)
      if (icalendar::uid(component) == uid && !is_over(component)) take(component, home);
  }

  bool is_empty() const { return all_.empty(); }
  seconds latest() const { return latest_.value_or(seconds(0)); }
  // Whether no alarm of an instance that begins then can come before the ones found.
  bool is_past(Instant start) const { return !found_.empty() && start + earliest_ > found_.front().at; }

  void look_at(const icalendar::Instance& instance) {
    const auto own = all_.find(instance.component);
    if (own == all_.end()) return;
    for (const OwnAlarm& one : own->second) {
      const Instant anchor = one.alarm.from_end ? instance.end : instance.start;
      const Instant first = one.absolute ? *one.absolute : anchor + one.alarm.before.length();
      for (int i = 0; i <= one.alarm.repeat; ++i) {
        const Instant at = first + i * one.alarm.every.length();
        if (one.acknowledged && at <= *one.acknowledged) continue;
        if (at > after_ && at < kLastAlarm) add({at, instance.start, instance.end, instance.component, one.component});
      }
    }
  }

  std::vector<AlarmTime> take_found() { return std::move(found_); }

 private:
  void take(const lines::Component& component, const icalendar::ZonePointer& home) {
    for (const lines::Component& inner : component.components) {
      if (!goes(inner, way_)) continue;
      auto alarm = icalendar::alarm_of(inner);
      auto& own = all_[&component];
      if (!alarm || own.size() == kMostAlarms) continue;
      OwnAlarm one{*std::move(alarm), &inner, {}, {}};
      one.alarm.repeat = std::min(one.alarm.repeat, kMostRepeats);
      if (one.alarm.acknowledged) one.acknowledged = home->resolve(one.alarm.acknowledged->wall).at;
      if (one.alarm.acknowledged && one.alarm.acknowledged->kind == icalendar::When::Kind::utc)
        one.acknowledged = Instant(one.alarm.acknowledged->wall.time_since_epoch());
      if (one.alarm.at) {
        const bool is_utc = one.alarm.at->kind == icalendar::When::Kind::utc;
        one.absolute = is_utc ? Instant(one.alarm.at->wall.time_since_epoch()) : home->resolve(one.alarm.at->wall).at;
      } else {
        earliest_ = std::min(earliest_, one.alarm.before.length());
        const seconds latest = one.alarm.before.length() + one.last();
        latest_ = std::max(latest_.value_or(latest), latest);
      }
      own.push_back(std::move(one));
    }
  }

  void add(const AlarmTime& alarm) {
    if (!found_.empty() && alarm.at > found_.front().at) return;
    if (!found_.empty() && alarm.at < found_.front().at) found_.clear();
    // An absolute one is due once, whatever instances there are.
    const bool is_known = std::ranges::any_of(found_, [&](const AlarmTime& other) {
      return other.alarm == alarm.alarm && (all_of(alarm) || other.start == alarm.start);
    });
    if (!is_known) found_.push_back(alarm);
  }
  static bool all_of(const AlarmTime& alarm) { return alarm.alarm->find("TRIGGER")->has("VALUE", "DATE-TIME"); }

  AlarmWay way_;
  Instant after_;
  std::map<const lines::Component*, std::vector<OwnAlarm>> all_;
  seconds earliest_{0};
  std::optional<seconds> latest_;
  std::vector<AlarmTime> found_;
};

}  // namespace

bool goes(const lines::Component& component, AlarmWay way) {
  if (icalendar::kind_of(component) != icalendar::ComponentKind::alarm) return false;
  if (component.find("PROXIMITY") != nullptr) return false;
  const std::string_view action = component.value("ACTION");
  return way == AlarmWay::mail ? iequals(action, "EMAIL") : iequals(action, "DISPLAY") || iequals(action, "AUDIO");
}

Result<std::vector<AlarmTime>> next_alarms(const lines::Component& calendar, std::string_view uid, AlarmWay way,
                                           Instant after, const icalendar::ZoneDatabase& zones,
                                           const icalendar::ZonePointer& home, icalendar::Budget& budget) {
  AlarmSearch search(calendar, uid, way, after, home);
  if (search.is_empty()) return std::vector<AlarmTime>();
  TRY(const icalendar::Series series, icalendar::Series::open(calendar, uid, zones, home));
  const Instant from = std::clamp(after, kFirstAlarm, kLastAlarm) - search.latest() - seconds(1);
  // What is absolute may be about an instance that is over.
  auto first = series.expand(Instant::min(), Instant::max());
  if (const auto instance = first.next(budget); instance && *instance) search.look_at(**instance);
  auto all = series.expand(from, Instant::max());
  while (true) {
    const auto instance = all.next(budget);
    if (!instance || !*instance || search.is_past((*instance)->start)) break;
    search.look_at(**instance);
  }
  return search.take_found();
}

}  // namespace kontor::groupware
