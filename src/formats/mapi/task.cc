// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/task.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "formats/mapi/event_state.h"
#include "formats/mapi/item_parts.h"
#include "formats/mapi/item_times.h"
#include "formats/mapi/recurrence_rule.h"

namespace kontor::mapi {
namespace {

using icalendar::Wall;
using icalendar::When;
using std::chrono::days;
using std::chrono::floor;

constexpr Tag kTaskState = tag::task(0x812A);  // PidLidTaskAcceptanceState
constexpr std::int64_t kComplete = 2;
constexpr std::int64_t kWaiting = 3;
constexpr std::int64_t kDeferred = 4;

class TaskMaker {
 public:
  TaskMaker(const Message& message, const CalendarContext& context)
      : message_(message), from_(message.properties), context_(context), parts_(message, context, task_, made_) {
    task_.name = "VTODO";
    made_.kept = message.properties;
    const Instant near = from_.time(tag::kTaskDueDate).value_or(from_.time(tag::kCreationTime).value_or(Instant()));
    auto zone = zone_of_item(from_, near, *context.zones);
    zone_ = zone ? *std::move(zone) : zone_of_owner(context);
  }

  Result<CalendarObject> make(std::string_view fallback_uid) {
    parts_.add_head(item_uid(from_, fallback_uid));
    parts_.add_summary();
    parts_.add_text(tag::kLocation, "LOCATION");
    parts_.add_bodies();
    parts_.add_lists();
    parts_.add_class();
    parts_.add_priority();
    add_state();
    add_times();
    add_recurrence_of_task();
    add_reminder();
    add_assignment();
    TRY_VOID(parts_.add_attachments(context_.most_attached));
    std::vector<lines::Component> zones;
    const bool has_zone = std::ranges::any_of(
        task_.properties, [](const lines::Property& property) { return property.find("TZID") != nullptr; });
    if (auto zone = has_zone ? vtimezone_of(zone_) : std::nullopt) zones.push_back(*std::move(zone));
    finish(calendar_of(std::move(zones), {std::move(task_)}), made_);
    return std::move(made_);
  }

 private:
  void add_state() {
    const auto status = from_.integer(tag::kTaskStatus);
    const bool is_done = status == kComplete || from_.boolean(tag::kTaskComplete);
    // kopano-ical writes what CalDAV called cancelled as deferred, and what it called not begun as waiting.
    const bool is_of_caldav = from_.has(tag::kCalDavUid);
    if (is_done)
      task_.set("STATUS", "COMPLETED");
    else if (status == 1)
      task_.set("STATUS", "IN-PROCESS");
    else if (status == kDeferred && is_of_caldav)
      task_.set("STATUS", "CANCELLED");
    else if (status)
      task_.set("STATUS", "NEEDS-ACTION");
    if (status != kWaiting && status != kDeferred) parts_.said(tag::kTaskStatus);
    const double share = std::clamp(from_.number(tag::kPercentComplete).value_or(0), 0.0, 1.0);
    if (is_done || share > 0) task_.set("PERCENT-COMPLETE", std::to_string(is_done ? 100 : std::lround(share * 100)));
    // The day on the wall; iCalendar wants an instant (RFC 5545 section 3.8.2.1).
    if (const auto done = from_.time(tag::kTaskDateCompleted); done && is_done)
      task_.set("COMPLETED", utc_value(zone_.zone->resolve(wall_of_ticks(*done)).at));
    parts_.said({tag::kPercentComplete, tag::kTaskComplete, tag::kTaskDateCompleted});
  }

  // What the wall shows, as a day where both are midnights.
  void add_times() {
    const auto start = from_.time(tag::kTaskStartDate);
    const auto due = from_.time(tag::kTaskDueDate);
    const auto is_midnight = [](const std::optional<Instant>& at) {
      return !at || floor<days>(*at) == floor<std::chrono::seconds>(*at);
    };
    const bool is_day = is_midnight(start) && is_midnight(due);
    if (start) icalendar::set_when(task_.set("DTSTART", ""), when(*start, is_day));
    // DUE is not before DTSTART (RFC 5545 section 3.8.2.3).
    if (due) icalendar::set_when(task_.set("DUE", ""), when(start ? std::max(*start, *due) : *due, is_day));
    parts_.said({tag::kTaskStartDate, tag::kTaskDueDate, tag::kCommonStart, tag::kCommonEnd, tag::kTimeZoneStruct,
                 tag::kTimeZoneDescription});
  }

  When when(Instant at, bool is_day) const {
    const Wall wall = wall_of_ticks(at);
    if (is_day) return {When::Kind::date, wall, {}};
    if (is_utc(zone_)) return {When::Kind::floating, wall, {}};
    return {When::Kind::zoned, wall, zone_.id};
  }

  void add_recurrence_of_task() {
    const std::string* blob = from_.bytes(tag::kTaskRecurrence);
    if (blob == nullptr || blob->empty() || !from_.boolean(tag::kTaskFRecurring)) return;
    auto read = read_recurrence(*blob, from_.integer(tag::kMessageCodepage).value_or(0));
    const auto begin =
        from_.time(tag::kTaskStartDate) ? from_.time(tag::kTaskStartDate) : from_.time(tag::kTaskDueDate);
    if (!read || !begin) {
      parts_.lost(read ? "A recurring task has no date, and does not recur any more."
                       : "A recurring task does not recur any more: " + read.error().text);
      return;
    }
    if (read->recurrence.is_sliding != 0) {
      task_.set("X-KONTOR-REGENERATE", pace_of(read->recurrence));
      parts_.lost("A task that begins anew when it was completed keeps its pattern, but nothing makes the next one.");
      return;
    }
    const auto rule = rule_from(read->recurrence, *begin);
    if (!rule) {
      parts_.lost("A recurring task does not recur any more: " + rule.error().text);
      return;
    }
    task_.set("RRULE", *rule);
    parts_.said({tag::kTaskRecurrence, tag::kTaskFRecurring});
  }

  // How long after one is done the next is due, as RFC 5545 says a rule, which has no word for it.
  static std::string pace_of(const Recurrence& recurrence) {
    using Pattern = Recurrence::Pattern;
    const bool is_days = recurrence.pattern == Pattern::day;
    const std::uint32_t period = std::max(is_days ? recurrence.period / kDayMinutes : recurrence.period, 1U);
    const char* unit = is_days ? "DAILY" : recurrence.pattern == Pattern::week ? "WEEKLY" : "MONTHLY";
    std::string out = fmt::format("FREQ={};INTERVAL={}", unit, period);
    if (recurrence.end == Recurrence::End::count) out += fmt::format(";COUNT={}", recurrence.count);
    if (recurrence.end == Recurrence::End::date)
      out += ";UNTIL=" + icalendar::print(When{When::Kind::date, wall_of(recurrence.end_date), {}});
    return out;
  }

  // The rule with the current task as its first.
  Result<std::string> rule_from(Recurrence recurrence, Instant begin) {
    const auto since = std::chrono::duration_cast<std::chrono::minutes>(
        floor<days>(begin) - std::chrono::sys_days(std::chrono::year(1601) / 1 / 1));
    const auto today = static_cast<Minutes>(since.count());
    if (recurrence.end == Recurrence::End::count && today > recurrence.start_date)
      recurrence.end = Recurrence::End::date;
    if (recurrence.end == Recurrence::End::date && recurrence.end_date < today)
      return fail(Errc::invalid, "The pattern ended before.");
    recurrence.start_date = today;
    recurrence.has_times = false;
    recurrence.exceptions.clear();
    recurrence.deleted.clear();
    recurrence.modified.clear();
    const bool has_start = task_.find("DTSTART") != nullptr;
    const When first = *icalendar::when_of(*task_.find(has_start ? "DTSTART" : "DUE"));
    const auto of_day = std::chrono::floor<std::chrono::minutes>(first.wall - floor<days>(first.wall));
    const SeriesFrame frame{.is_all_day = first.is_date(),
                            .zone = first.kind == When::Kind::zoned ? &zone_ : nullptr,
                            .start_offset = static_cast<std::uint32_t>(of_day.count()),
                            .end_offset = static_cast<std::uint32_t>(of_day.count())};
    lines::Component series = task_;
    TRY_VOID(add_recurrence(recurrence, frame, series));
    // A rule needs a DTSTART, and one that it hits.
    if (icalendar::when_of(*series.find("DTSTART"))->wall != first.wall)
      return fail(Errc::invalid, "The task is not on a day of its pattern.");
    if (!has_start) icalendar::set_when(task_.set("DTSTART", ""), first);
    return std::string(series.value("RRULE"));
  }

  void add_reminder() {
    auto at = from_.time(tag::kReminderTime);
    if (!at) at = from_.time(tag::kReminderSignalTime);
    if (from_.boolean(tag::kReminderSet) && at) {
      lines::Component alarm = reminder_alarm(0);
      alarm.set("TRIGGER", utc_value(*at)).set("VALUE", "DATE-TIME");
      task_.components.push_back(std::move(alarm));
    }
    parts_.said({tag::kReminderSet, tag::kReminderTime, tag::kReminderSignalTime, tag::kReminderDelta});
  }

  // To whom, in the copy of who gave it away; by whom, in the other.
  void add_assignment() {
    constexpr std::int64_t kAccepted = 2;
    constexpr std::int64_t kRejected = 3;
    if (message_.recipients.empty()) return;
    const People people = people_of(message_, context_);
    if (people.organizer) task_.properties.push_back(person_property("ORGANIZER", *people.organizer));
    const auto state = from_.integer(kTaskState);
    for (People::Attendee one : people.attendees) {
      one.status = state == kAccepted ? 3 : state == kRejected ? 4 : 0;
      task_.properties.push_back(attendee_property(one));
    }
  }

  const Message& message_;
  const Properties& from_;
  const CalendarContext& context_;
  lines::Component task_;
  CalendarObject made_;
  ItemParts parts_;
  FoundZone zone_;
};

}  // namespace

Result<CalendarObject> task_of(const Message& message, std::string_view fallback_uid, const CalendarContext& context) {
  return TaskMaker(message, context).make(fallback_uid);
}

}  // namespace kontor::mapi
