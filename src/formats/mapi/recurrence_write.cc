// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/recurrence.h"
#include "formats/mapi/recurrence_flags.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLongestText = 65'000;

// Cut between characters.
std::string_view cut(std::string_view text) {
  if (text.size() <= kLongestText) return text;
  std::size_t size = kLongestText;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

std::uint16_t flags_of(const RecurrenceException& exception) {
  unsigned flags = 0;
  const auto add = [&](bool holds, std::uint16_t flag) { flags |= holds ? flag : 0U; };
  add(exception.subject.has_value(), kHasSubject);
  add(exception.meeting_type.has_value(), kHasMeetingType);
  add(exception.reminder_minutes.has_value(), kHasReminderMinutes);
  add(exception.has_reminder.has_value(), kHasReminder);
  add(exception.location.has_value(), kHasLocation);
  add(exception.busy_status.has_value(), kHasBusyStatus);
  add(exception.has_attachments.has_value(), kHasAttachments);
  add(exception.is_all_day.has_value(), kHasAllDay);
  add(exception.color.has_value(), kHasColor);
  add(exception.has_body, kHasBody);
  return static_cast<std::uint16_t>(flags);
}

void put_dates(const std::vector<Minutes>& dates, std::string& out) {
  append_le32(out, dates.size());
  for (const Minutes date : dates) append_le(out, date);
}

void put_pattern(const Recurrence& from, std::string& out) {
  using enum Recurrence::Pattern;
  append_le(out, kPatternVersion);
  append_le(out, kPatternVersion);
  append_le(out, static_cast<std::uint16_t>(from.frequency));
  append_le(out, static_cast<std::uint16_t>(from.pattern));
  append_le(out, from.calendar);
  append_le(out, from.first_date_time);
  append_le(out, from.period);
  append_le(out, from.is_sliding);
  const bool is_nth = from.pattern == month_nth || from.pattern == hijri_month_nth;
  if (is_nth || from.pattern == week)
    append_le(out, from.weekdays);
  else if (from.pattern != day)
    append_le(out, from.day);
  if (is_nth) append_le(out, from.nth);
  append_le(out, static_cast<std::uint32_t>(from.end));
  append_le(out, from.count);
  append_le(out, from.first_weekday);
  put_dates(from.deleted, out);
  put_dates(from.modified, out);
  append_le(out, from.start_date);
  append_le(out, from.end_date);
}

void put_narrow(const std::optional<std::string>& text, std::string& out) {
  if (!text) return;
  const std::string_view part = cut(*text);
  append_le16(out, part.size() + 1);
  append_le16(out, part.size());
  out += part;
}

void put_wide(const std::optional<std::string>& text, std::string& out) {
  if (!text) return;
  const std::string wide = utf16le_of_utf8(cut(*text));
  append_le16(out, wide.size() / 2);
  out += wide;
}

void put_number(const std::optional<std::uint32_t>& number, std::string& out) {
  if (number) append_le(out, *number);
}

void put_exception(const RecurrenceException& from, std::string& out) {
  for (const Minutes minutes : {from.start, from.end, from.original}) append_le(out, minutes);
  append_le(out, flags_of(from));
  put_narrow(from.subject, out);
  put_number(from.meeting_type, out);
  put_number(from.reminder_minutes, out);
  if (from.has_reminder) append_le32(out, *from.has_reminder ? 1 : 0);
  put_narrow(from.location, out);
  put_number(from.busy_status, out);
  put_number(from.has_attachments, out);
  put_number(from.is_all_day, out);
  put_number(from.color, out);
}

void put_extended(const Recurrence& of, const RecurrenceException& from, std::string& out) {
  if (of.writer_version >= kHighlightVersion) {
    append_le32(out, from.highlight.size());
    out += from.highlight;
  }
  append_le32(out, 0);
  if (!from.subject && !from.location) return;
  for (const Minutes minutes : {from.start, from.end, from.original}) append_le(out, minutes);
  put_wide(from.subject, out);
  put_wide(from.location, out);
  append_le32(out, 0);
}

}  // namespace

std::string write(const Recurrence& recurrence) {
  std::string out;
  put_pattern(recurrence, out);
  if (!recurrence.has_times) return out;
  append_le(out, kTimesVersion);
  append_le(out, recurrence.writer_version);
  append_le(out, recurrence.start_offset);
  append_le(out, recurrence.end_offset);
  append_le16(out, recurrence.exceptions.size());
  for (const RecurrenceException& exception : recurrence.exceptions) put_exception(exception, out);
  append_le32(out, 0);
  for (const RecurrenceException& exception : recurrence.exceptions) put_extended(recurrence, exception, out);
  append_le32(out, 0);
  return out;
}

}  // namespace kontor::mapi
