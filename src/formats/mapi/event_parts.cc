// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/event_parts.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "formats/mapi/event_state.h"
#include "formats/mapi/recurrence.h"

namespace kontor::mapi {
namespace {

constexpr std::int64_t kMostMinutes = 10 * 366 * 24 * 60;
constexpr std::int64_t kDefaultReminder = 0x5AE980E1;  // "as the program's settings say" ([MS-OXORMDR] 2.2.1.3)
constexpr std::uint32_t kUsualReminder = 15;

std::optional<Instant> first_time(const Properties& from, std::initializer_list<Tag> tags) {
  for (const Tag& tag : tags)
    if (const auto at = from.time(tag)) return at;
  return std::nullopt;
}

}  // namespace

namespace {

// Where a series begins by its pattern, in minutes on the wall, and how long each instance is.
struct PatternTimes {
  Minutes start, length;
};
std::optional<PatternTimes> times_of_pattern(const Properties& event) {
  const std::string* blob = event.bytes(tag::kAppointmentRecur);
  if (blob == nullptr || blob->empty()) return std::nullopt;
  const auto read = read_recurrence(*blob);
  if (!read || !read->recurrence.has_times || read->recurrence.start_date == 0) return std::nullopt;
  const Recurrence& found = read->recurrence;
  if (found.start_offset >= kDayMinutes) return std::nullopt;
  return PatternTimes{found.start_date - found.start_date % kDayMinutes + found.start_offset,
                      found.end_offset > found.start_offset ? found.end_offset - found.start_offset : 0};
}

}  // namespace

Result<EventTimes> times_of_event(const Properties& event, const CalendarContext& context) {
  auto start = first_time(event, {tag::kAppointmentStartWhole, tag::kCommonStart, tag::kStartDate});
  auto end = first_time(event, {tag::kAppointmentEndWhole, tag::kCommonEnd, tag::kEndDate});
  if (const auto pattern = start ? std::nullopt : times_of_pattern(event)) {
    const auto zone = zone_of_item(event, Instant(), *context.zones);
    start = (zone ? *zone : zone_of_owner(context)).zone->resolve(wall_of(pattern->start)).at;
    end = *start + std::chrono::minutes(std::min<std::int64_t>(pattern->length, kMostMinutes));
  }
  if (!start) start = first_time(event, {tag::kClipStart});
  if (!start) return fail(Errc::invalid, "The appointment does not say when it begins.");
  if (!end)
    end = *start + std::chrono::minutes(
                       std::clamp<std::int64_t>(event.integer(tag::kAppointmentDuration).value_or(0), 0, kMostMinutes));
  auto zone = zone_of_item(event, *start, *context.zones);
  const bool has_zone = zone.has_value();
  return EventTimes{.start = *start,
                    .end = std::max(*start, *end),
                    .is_all_day = event.boolean(tag::kAppointmentSubType),
                    .zone = has_zone ? *std::move(zone) : zone_of_owner(context),
                    .has_zone = has_zone};
}

void set_event_span(const EventTimes& times, lines::Component& event) {
  if (times.is_all_day)
    set_span(day_in(times.zone, times.start), day_in(times.zone, times.end), event);
  else
    set_span(when_in(times.zone, times.start), when_in(times.zone, times.end), event);
}

void forget_event_times(Properties& kept) {
  for (const Tag& tag : {tag::kAppointmentStartWhole, tag::kAppointmentEndWhole, tag::kCommonStart, tag::kCommonEnd,
                         tag::kStartDate, tag::kEndDate, tag::kAppointmentDuration, tag::kAppointmentSubType,
                         tag::kTimeZoneStruct, tag::kTimeZoneDescription,
                         tag::kAppointmentTimeZoneDefinitionStartDisplay, tag::kAppointmentTimeZoneDefinitionEndDisplay,
                         tag::kAppointmentTimeZoneDefinitionRecur, tag::kClipStart, tag::kClipEnd})
    kept.remove(tag);
}

void add_event_state(const ItemParts& parts, lines::Component& event) {
  const Properties& from = parts.from();
  const auto busy = from.integer(tag::kBusyStatus);
  if (busy) set_busy_status(*busy, event);
  // A changed instance's message may leave it to the pattern and the series.
  const std::int64_t known =
      (event.value("STATUS") == "CANCELLED" ? 4 : 0) + (event.find("ORGANIZER") == nullptr ? 0 : 1);
  set_event_status(busy, from.integer(tag::kAppointmentStateFlags).value_or(known), event);
  parts.said(tag::kBusyStatus);
}

void add_event_parts(const ItemParts& parts, lines::Component& event) {
  parts.add_summary();
  parts.add_text(tag::kLocation, "LOCATION");
  parts.said(tag::meeting(0x0002));  // the same again
  parts.add_bodies();
  parts.add_lists();
  parts.add_class();
  parts.add_priority();
  add_event_state(parts, event);
  if (const auto label = parts.from().integer(tag::kAppointmentColor)) set_label_color(*label, event);
  if (const auto sequence = parts.from().integer(tag::kAppointmentSequence);
      sequence && *sequence >= 0 && *sequence <= std::numeric_limits<std::int32_t>::max()) {
    event.set("SEQUENCE", std::to_string(*sequence));
    parts.said(tag::kAppointmentSequence);
  }
}

void add_event_reminder(const ItemParts& parts, lines::Component& event) {
  const Properties& from = parts.from();
  if (from.boolean(tag::kReminderSet)) {
    const std::int64_t minutes = from.integer(tag::kReminderDelta).value_or(kDefaultReminder);
    const bool is_usual = minutes < 0 || minutes > kMostMinutes;
    event.components.push_back(reminder_alarm(is_usual ? kUsualReminder : static_cast<std::uint32_t>(minutes)));
  }
  parts.said({tag::kReminderSet, tag::kReminderDelta, tag::kReminderTime, tag::kReminderSignalTime});
}

}  // namespace kontor::mapi
