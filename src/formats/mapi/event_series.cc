// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/event_series.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "formats/lines/writer.h"
#include "formats/mapi/item_body.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/recurrence_rule.h"

namespace kontor::mapi {
namespace {

using icalendar::Wall;
using icalendar::When;
using lines::Component;
using std::chrono::days;
using std::chrono::floor;

constexpr std::chrono::minutes kLongest = std::chrono::days(3660);
constexpr std::size_t kMostOfInstances = std::size_t{64} << 20;  // bytes of those that the pattern does not know

// Minutes since midnight of a zone's wall.
std::uint32_t minutes_of_day(const FoundZone& zone, Instant at) {
  const Wall wall = zone.zone->wall_at(at);
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::minutes>(wall - floor<days>(wall)).count());
}

class SeriesOfEvent {
 public:
  SeriesOfEvent(const Message& message, const EventTimes& times, const CalendarContext& context, const Component& event,
                CalendarObject& made)
      : message_(message), times_(times), context_(context), made_(made) {
    series_.events.push_back(event);
  }

  Result<EventSeries> make() {
    if (!add_pattern()) set_event_span(times_, series_.events.front());
    for (const Attachment& attachment : message_.attachments)
      if (is_exception(attachment)) {
        TRY_VOID(add_exception(attachment));
      }
    // What is there after all is not taken out of the series.
    if (!added_.empty())
      std::erase_if(series_.events.front().properties, [&](const lines::Property& property) {
        const auto gone = property.is("EXDATE") ? icalendar::when_of(property) : Result<When>(fail(Errc::invalid, ""));
        return gone && added_.contains(gone->wall);
      });
    add_zones();
    return std::move(series_);
  }

 private:
  // Whether it is a series that can be said.
  bool add_pattern() {
    const std::string* blob = message_.properties.bytes(tag::kAppointmentRecur);
    const Value* flag = message_.properties.find(tag::kRecurring);
    const bool is_single = flag != nullptr && !message_.properties.boolean(tag::kRecurring);
    if (blob == nullptr || blob->empty() || is_single) {
      if (blob == nullptr && message_.properties.boolean(tag::kRecurring))
        made_.losses.emplace_back("A series of appointments has no pattern: its first instance came.");
      return false;
    }
    auto read = read_recurrence(*blob, message_.properties.integer(tag::kMessageCodepage).value_or(0));
    if (read && read->has_wrong_start) mend_start(read->recurrence);
    auto overrides = read ? add_recurrence(read->recurrence, frame_of(read->recurrence), series_.events.front())
                          : Result<std::vector<Component>>(std::unexpected(read.error()));
    if (!overrides) {
      made_.losses.push_back("A series of appointments became its first instance: " + overrides.error().text);
      return false;
    }
    if (read->is_damaged)
      made_.losses.emplace_back("The pattern of a series is damaged: changed instances may be missing.");
    is_series_ = true;
    for (const RecurrenceException& exception : read->recurrence.exceptions) has_body_.push_back(exception.has_body);
    std::ranges::move(*overrides, std::back_inserter(series_.events));
    for (std::size_t i = 1; i < series_.events.size(); ++i)
      if (const auto id = icalendar::when_of(*series_.events[i].find("RECURRENCE-ID")))
        by_day_.try_emplace(floor<days>(id->wall), static_cast<std::ptrdiff_t>(i));
    for (Component& event : series_.events)
      if (event.value("DTEND") == event.value("DTSTART")) event.remove("DTEND");
    // What could not be read of it may be readable to somebody else.
    if (!read->is_damaged) made_.kept.remove(tag::kAppointmentRecur);
    for (const Tag& tag : {tag::kRecurring, tag::kRecurrenceType, tag::kRecurrencePattern}) made_.kept.remove(tag);
    return true;
  }

  // The day that was asked for stands beside the pattern.
  void mend_start(Recurrence& recurrence) const {
    const auto asked = message_.properties.time(tag::kStartDate);
    if (!asked) return;
    const auto since = floor<days>(zone_.zone->wall_at(*asked)) - wall_of(Minutes(0));
    const auto minutes = std::chrono::floor<std::chrono::minutes>(since).count();
    if (minutes > 0 && minutes < recurrence.start_date) recurrence.start_date = static_cast<std::uint32_t>(minutes);
  }

  // Of a series that names no zone the pattern may be in UTC, or on the wall of whoever made it: the first instance's
  // own time tells.
  SeriesFrame frame_of(const Recurrence& recurrence) {
    const FoundZone utc{"UTC", icalendar::utc_zone(), std::nullopt};
    if (!times_.has_zone && recurrence.has_times &&
        recurrence.start_offset % kDayMinutes == minutes_of_day(utc, times_.start))
      zone_ = utc;
    SeriesFrame frame{.is_all_day = times_.is_all_day, .zone = &zone_, .start_offset = 0, .end_offset = 0};
    if (times_.is_all_day) {
      const auto length =
          std::chrono::floor<std::chrono::minutes>(day_in(zone_, times_.end).wall - day_in(zone_, times_.start).wall);
      frame.end_offset = static_cast<std::uint32_t>(std::clamp(length, std::chrono::minutes(0), kLongest).count());
    } else {
      frame.start_offset = minutes_of_day(zone_, times_.start);
      const auto length = std::min(std::chrono::floor<std::chrono::minutes>(times_.end - times_.start), kLongest);
      frame.end_offset = frame.start_offset + static_cast<std::uint32_t>(length.count());
    }
    return frame;
  }

  // Where in the series it would have been.
  std::optional<When> original_of(const Attachment& attachment, const Properties& inner) const {
    const When start = *icalendar::when_of(*series_.events.front().find("DTSTART"));
    const auto whole = start.wall - floor<days>(start.wall);
    std::optional<Wall> day;
    if (const auto at = inner.time(tag::kExceptionReplaceTime))
      day = floor<days>(start.is_date() ? day_in(zone_, *at).wall : zone_.zone->wall_at(*at));
    else if (const auto local = attachment.properties.time(tag::kExceptionStartTime))
      day = floor<days>(wall_of_ticks(*local));
    if (!day) return std::nullopt;
    return When{.kind = start.kind, .wall = *day + whole, .zone = start.zone};
  }

  // The override of that day, or -1.
  std::ptrdiff_t find(const When& original) const {
    const auto found = by_day_.find(floor<days>(original.wall));
    return found == by_day_.end() ? -1 : found->second;
  }

  Result<void> add_exception(const Attachment& attachment) {
    const Message& inner = attachment.embedded.front();
    const auto original = is_series_ ? original_of(attachment, inner.properties) : std::nullopt;
    if (!original) {
      made_.losses.emplace_back("A changed instance does not tell which one of its series it is, and is left out.");
      return {};
    }
    std::ptrdiff_t at = find(*original);
    if (at < 0) {
      at = add_override(*original);
      if (at < 0) return {};
    }
    const bool has_body =
        static_cast<std::size_t>(at) <= has_body_.size() && has_body_[static_cast<std::size_t>(at) - 1];
    return change(inner, has_body, series_.events[static_cast<std::size_t>(at)]);
  }

  // One that the pattern does not know.
  std::ptrdiff_t add_override(const When& original) {
    // Each of them says again what the series says.
    if (repeated_ == 0) repeated_ = lines::write(series_.events.front()).size();
    if (series_.events.size() > kMostExceptions || (added_.size() + 1) * repeated_ > kMostOfInstances) {
      made_.losses.emplace_back("A series has too many changed instances: the rest is left out.");
      return -1;
    }
    Component made = series_.events.front();
    for (const std::string_view name : {"RRULE", "EXDATE"}) made.remove(name);
    icalendar::set_when(made.set("RECURRENCE-ID", ""), original);
    const auto& master = series_.events.front();
    const auto start = icalendar::when_of(*master.find("DTSTART"));
    if (const auto* last = master.find("DTEND"); last != nullptr) {
      When end = *icalendar::when_of(*last);
      end.wall = original.wall + (end.wall - start->wall);
      set_span(original, end, made);
    } else {
      set_span(original, original, made);
    }
    series_.events.push_back(std::move(made));
    const auto at = static_cast<std::ptrdiff_t>(series_.events.size()) - 1;
    by_day_.try_emplace(floor<days>(original.wall), at);
    added_.insert(original.wall);
    return at;
  }

  // What the instance's own message says beyond the pattern. What it does not have, or has empty, is as in the series.
  Result<void> change(const Message& inner, bool has_body, Component& event) {
    const Properties& from = inner.properties;
    CalendarObject said;  // of the instance's properties none are kept
    const ItemParts parts(inner, context_, event, said);
    if (from.time(tag::kAppointmentStartWhole) && from.time(tag::kAppointmentEndWhole)) {
      EventTimes times = times_;
      times.zone = zone_;
      times.start = *from.time(tag::kAppointmentStartWhole);
      times.end = std::max(times.start, *from.time(tag::kAppointmentEndWhole));
      times.is_all_day = from.has(tag::kAppointmentSubType) ? from.boolean(tag::kAppointmentSubType)
                                                            : icalendar::when_of(*event.find("DTSTART"))->is_date();
      set_event_span(times, event);
    }
    parts.add_summary();
    parts.add_text(tag::kLocation, "LOCATION");
    const ItemBody body = body_of(from);
    if (has_body || !body.text.empty()) {
      event.remove("DESCRIPTION");
      parts.add_bodies();
    }
    parts.add_lists();
    if (from.has(tag::kSensitivity)) parts.add_class();
    add_event_state(parts, event);
    if (!inner.recipients.empty()) parts.add_people();
    if (const auto changed = from.time(tag::kLastModificationTime)) event.set("LAST-MODIFIED", utc_value(*changed));
    TRY(const std::size_t attached, parts.add_attachments(context_.most_attached - series_.attached));
    series_.attached += attached;
    std::ranges::move(said.losses, std::back_inserter(made_.losses));
    std::ranges::move(said.left_out, std::back_inserter(made_.left_out));
    return {};
  }

  void add_zones() {
    std::set<std::string> named;
    for (const Component& event : series_.events)
      for (const lines::Property& property : event.properties)
        if (const std::string_view id = property.parameter("TZID"); !id.empty()) named.emplace(id);
    // All of an item are in one.
    if (named.empty()) return;
    if (auto zone = vtimezone_of(is_series_ ? zone_ : times_.zone)) series_.zones.push_back(*std::move(zone));
  }

  const Message& message_;
  const EventTimes& times_;
  const CalendarContext& context_;
  CalendarObject& made_;
  FoundZone zone_ = times_.zone;
  bool is_series_ = false;
  std::vector<bool> has_body_;  // of the pattern's changed instances: whether they have a text of their own
  std::map<std::chrono::local_days, std::ptrdiff_t> by_day_;  // overrides, by the day where each would have been
  std::set<Wall> added_;                                      // where those are that the pattern does not know
  std::size_t repeated_ = 0;                                  // bytes of the series, once they are known
  EventSeries series_;
};

}  // namespace

Result<EventSeries> series_of(const Message& message, const EventTimes& times, const CalendarContext& context,
                              const Component& event, CalendarObject& made) {
  return SeriesOfEvent(message, times, context, event, made).make();
}

void copy_attachments(std::size_t bytes, std::size_t most, EventSeries& series, CalendarObject& made) {
  most -= std::min(most, series.attached);
  const auto attached = series.events.front().all("ATTACH");
  if (attached.empty() || series.events.size() == 1) return;
  if (bytes * series.events.size() > most) {
    made.losses.emplace_back("The attachments of a series are not repeated in its changed instances.");
    return;
  }
  std::vector<lines::Property> copies;
  for (const lines::Property* one : attached) copies.push_back(*one);
  for (std::size_t i = 1; i < series.events.size(); ++i)
    if (series.events[i].find("ATTACH") == nullptr)
      std::ranges::copy(copies, std::back_inserter(series.events[i].properties));
}

}  // namespace kontor::mapi
