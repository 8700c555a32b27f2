// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <set>

#include "formats/icalendar/rule_iterator.h"
#include "formats/lines/writer.h"
#include "formats/mapi/event_state.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/recurrence_rule.h"

namespace kontor::mapi {
namespace {

using icalendar::Wall;
using icalendar::When;
using lines::Component;
using lines::Property;

constexpr std::uint64_t kSteps = 20'000;                      // to find the first instance
constexpr std::size_t kMostRepeated = std::size_t{64} << 20;  // bytes of all overrides

Minutes midnight(Minutes at) { return at - at % kDayMinutes; }

class SeriesMaker {
 public:
  SeriesMaker(const Recurrence& from, const SeriesFrame& frame) : from_(from), frame_(frame) {
    start_offset_ = from.has_times ? from.start_offset : frame.start_offset;
    end_offset_ = std::max(start_offset_, from.has_times ? from.end_offset : frame.end_offset);
    for (const RecurrenceException& exception : from.exceptions) changed_.insert(midnight(exception.original));
  }

  Result<std::vector<Component>> add_to(Component& series) {
    TRY(icalendar::Rule rule, rule_of(from_));
    TRY(const Minutes first, first_day(rule));
    if (from_.end == Recurrence::End::date) rule.until = until();
    set_times(first + start_offset_, first + end_offset_, frame_.is_all_day, series);
    for (const std::string_view name : {"RRULE", "EXDATE", "RECURRENCE-ID"}) series.remove(name);
    // Each of them says again what the series says.
    if (!from_.exceptions.empty() && lines::write(series).size() > kMostRepeated / from_.exceptions.size())
      return fail(Errc::too_large, "The recurrence has too many exceptions for so long an item.");
    std::vector<Component> overrides;
    for (const RecurrenceException& exception : from_.exceptions) overrides.push_back(override_of(exception, series));
    series.set("RRULE", icalendar::print(rule));
    add_exdates(series);
    return overrides;
  }

 private:
  // The first instance at or after the start of the blob, whose rule may begin before it hits anything.
  Result<Minutes> first_day(const icalendar::Rule& rule) const {
    const Minutes start = midnight(from_.start_date);
    icalendar::Rule endless = rule;
    endless.count.reset();
    TRY(auto days, icalendar::RuleIterator::open(endless, wall_of(start), true, icalendar::FirstInstance::if_hit));
    icalendar::Budget budget(kSteps);
    const auto found = days.next(budget);
    if (!found) return fail(Errc::invalid, "The recurrence never takes place.");
    return start +
           static_cast<Minutes>(std::chrono::duration_cast<std::chrono::minutes>(*found - wall_of(start)).count());
  }

  When when(Minutes at, bool is_date) const {
    if (is_date) return {When::Kind::date, wall_of(midnight(at)), {}};
    if (frame_.zone == nullptr) return {When::Kind::floating, wall_of(at), {}};
    if (frame_.zone->id == "UTC" || frame_.zone->id == "Etc/UTC") return {When::Kind::utc, wall_of(at), {}};
    return {When::Kind::zoned, wall_of(at), frame_.zone->id};
  }

  // In UTC where the start has a zone (RFC 5545 section 3.3.10).
  When until() const {
    const Minutes last = midnight(from_.end_date) + start_offset_;
    if (frame_.is_all_day || frame_.zone == nullptr) return when(last, frame_.is_all_day);
    const Instant at = frame_.zone->zone->resolve(wall_of(last)).at;
    return {When::Kind::utc, Wall(at.time_since_epoch()), {}};
  }

  void set_times(Minutes start, Minutes end, bool is_all_day, Component& component) const {
    for (const std::string_view name : {"DURATION", "DTSTART", "DTEND"}) component.remove(name);
    icalendar::set_when(component.set("DTSTART", ""), when(start, is_all_day));
    // A whole day ends at the midnight after it, even where the blob says one minute less.
    const Minutes last = is_all_day ? std::max(midnight(end + kDayMinutes - 1), midnight(start) + kDayMinutes) : end;
    icalendar::set_when(component.set("DTEND", ""), when(last, is_all_day));
  }

  void add_exdates(Component& series) const {
    std::set<Minutes> gone;
    for (const Minutes day : from_.deleted)
      if (!changed_.contains(midnight(day))) gone.insert(midnight(day));
    for (const Minutes day : gone) {
      Property property;
      property.name = "EXDATE";
      icalendar::set_when(property, when(day + start_offset_, frame_.is_all_day));
      series.properties.push_back(std::move(property));
    }
  }

  Component override_of(const RecurrenceException& exception, const Component& series) const {
    Component made = series;
    const bool is_all_day = exception.is_all_day ? *exception.is_all_day != 0 : frame_.is_all_day;
    set_times(exception.start, exception.end, is_all_day, made);
    // Its id is of the series' kind; a blob may have the changed day's midnight only.
    icalendar::set_when(made.set("RECURRENCE-ID", ""),
                        when(midnight(exception.original) + start_offset_, frame_.is_all_day));
    if (exception.subject) made.set("SUMMARY", line_text(*exception.subject));
    if (exception.location) made.set("LOCATION", line_text(*exception.location));
    set_state(exception, series, made);
    if (exception.has_reminder || exception.reminder_minutes) set_reminder(exception, made);
    return made;
  }

  static void set_state(const RecurrenceException& exception, const Component& series, Component& made) {
    constexpr std::int64_t kIsMeeting = 1;
    if (exception.color) set_label_color(*exception.color, made);
    if (exception.busy_status) set_busy_status(*exception.busy_status, made);
    std::optional<std::int64_t> busy;
    if (exception.busy_status) busy = *exception.busy_status;
    if (exception.meeting_type || busy)
      set_event_status(busy, exception.meeting_type.value_or(series.find("ORGANIZER") == nullptr ? 0 : kIsMeeting),
                       made);
  }

  static void set_reminder(const RecurrenceException& exception, Component& made) {
    const auto is_alarm = [](const Component& part) { return part.is("VALARM"); };
    if (exception.has_reminder == false) {
      std::erase_if(made.components, is_alarm);
    } else if (exception.reminder_minutes) {
      std::erase_if(made.components, is_alarm);
      made.components.push_back(reminder_alarm(*exception.reminder_minutes));
    } else if (std::ranges::none_of(made.components, is_alarm)) {
      made.components.push_back(reminder_alarm(15));  // Outlook's own
    }
  }

  const Recurrence& from_;
  const SeriesFrame& frame_;
  std::uint32_t start_offset_, end_offset_;
  std::set<Minutes> changed_;  // midnights of the instances with an override
};

}  // namespace

Result<std::vector<Component>> add_recurrence(const Recurrence& recurrence, const SeriesFrame& frame,
                                              Component& series) {
  return SeriesMaker(recurrence, frame).add_to(series);
}

}  // namespace kontor::mapi
