// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/journal.h"

#include <algorithm>

#include "formats/mapi/item_parts.h"
#include "formats/mapi/item_times.h"

namespace kontor::mapi {
namespace {

constexpr Tag kLogTypeText = tag::log(0x8712);  // PidLidLogTypeDesc
constexpr std::int64_t kMostJournalMinutes = std::int64_t{60} * 24 * 366 * 10;

}  // namespace

Result<CalendarObject> journal_of(const Message& message, std::string_view fallback_uid,
                                  const CalendarContext& context) {
  CalendarObject made;
  made.kept = message.properties;
  lines::Component journal;
  journal.name = "VJOURNAL";
  const ItemParts parts(message, context, journal, made);
  const Properties& from = message.properties;
  parts.add_head(item_uid(from, fallback_uid));
  parts.add_summary();
  parts.add_bodies();
  parts.add_lists();
  parts.add_class();
  auto start = from.time(tag::kLogStart);
  if (!start) start = from.time(tag::kCommonStart);
  const auto end = from.time(tag::kLogEnd);
  if (start) icalendar::set_when(journal.set("DTSTART", ""), when_in({"UTC", icalendar::utc_zone(), {}}, *start));
  if (end) journal.set("X-KONTOR-END", utc_value(*end));
  if (const auto minutes = from.integer(tag::kLogDuration); minutes && *minutes >= 0 && *minutes <= kMostJournalMinutes)
    journal.set("X-KONTOR-DURATION", icalendar::print(icalendar::Duration{.seconds = *minutes * 60}));
  parts.add_text(kLogTypeText, "X-KONTOR-JOURNAL-TYPE");
  parts.add_text(tag::kLogType, "X-KONTOR-JOURNAL-TYPE");
  parts.said({tag::kLogStart, tag::kLogEnd, tag::kLogDuration, tag::kCommonStart, tag::kCommonEnd});
  TRY_VOID(parts.add_attachments(context.most_attached));
  finish(calendar_of({}, {std::move(journal)}), made);
  return made;
}

}  // namespace kontor::mapi
