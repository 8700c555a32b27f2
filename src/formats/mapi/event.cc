// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/event.h"

#include <fmt/core.h>

#include <chrono>

#include "formats/mapi/event_parts.h"
#include "formats/mapi/event_series.h"
#include "formats/mapi/item_parts.h"
#include "formats/mapi/item_times.h"
#include "formats/mapi/note.h"

namespace kontor::mapi {
namespace {

// An event has to have a time (RFC 5545 section 3.6.1), a journal entry need not.
Result<CalendarObject> without_time(const Message& message, std::string_view fallback_uid,
                                    const CalendarContext& context, const std::string& why) {
  TRY(CalendarObject made, note_of(message, fallback_uid, context));
  made.losses.push_back(why + " It became a note, with all that it says.");
  return made;
}

}  // namespace

Result<CalendarObject> event_of(const Message& message, std::string_view fallback_uid, const CalendarContext& context) {
  CalendarObject made;
  made.kept = message.properties;
  lines::Component event;
  event.name = "VEVENT";
  const ItemParts parts(message, context, event, made);
  const auto found_times = times_of_event(message.properties, context);
  if (!found_times) return without_time(message, fallback_uid, context, found_times.error().text);
  const EventTimes& times = *found_times;
  parts.add_head(item_uid(message.properties, fallback_uid));
  add_event_parts(parts, event);
  add_event_reminder(parts, event);
  parts.add_people();
  TRY(EventSeries series, series_of(message, times, context, event, made));
  lines::Component& master = series.events.front();
  TRY(const std::size_t attached,
      ItemParts(message, context, master, made).add_attachments(context.most_attached - series.attached));
  copy_attachments(attached, context.most_attached, series, made);
  forget_event_times(made.kept);
  finish(calendar_of(std::move(series.zones), std::move(series.events)), made);
  return made;
}

}  // namespace kontor::mapi
