// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>

#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/recurrence.h"
#include "formats/mapi/recurrence_flags.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

bool has_weekdays(Recurrence::Pattern pattern) {
  using enum Recurrence::Pattern;
  return pattern == week || pattern == month_nth || pattern == hijri_month_nth;
}

class RecurrenceReader {
 public:
  RecurrenceReader(std::string_view bytes, std::int64_t code_page) : in_(bytes), code_page_(code_page) {}

  Result<ReadRecurrence> read() {
    TRY_VOID(read_pattern());
    if (in_.left() == 0) return std::move(found_);
    if (!read_times()) found_.is_damaged = true;
    return std::move(found_);
  }

 private:
  Recurrence& out() { return found_.recurrence; }

  static std::unexpected<Error> cut_off() { return fail(Errc::corrupt, "The recurrence pattern breaks off."); }

  Result<void> read_pattern() {
    if (in_.u16() != kPatternVersion) return fail(Errc::corrupt, "This is no recurrence pattern.");
    in_.u16();
    const std::uint16_t frequency = in_.u16();
    const std::uint16_t pattern = in_.u16();
    if (in_.is_short()) return cut_off();
    const bool is_known = pattern <= 4 || (pattern >= 0xA && pattern <= 0xC);
    if (frequency < 0x200A || frequency > 0x200D || !is_known)
      return fail(Errc::corrupt, "The recurrence pattern is of no known kind.");
    out().frequency = static_cast<Recurrence::Frequency>(frequency);
    out().pattern = static_cast<Recurrence::Pattern>(pattern);
    out().calendar = in_.u16();
    out().first_date_time = in_.u32();
    out().period = in_.u32();
    out().is_sliding = in_.u32();
    read_days();
    read_end();
    TRY_VOID(read_dates(out().deleted));
    TRY_VOID(read_dates(out().modified));
    out().start_date = in_.u32();
    out().end_date = in_.u32();
    return in_.is_short() ? cut_off() : Result<void>();
  }

  void read_days() {
    if (has_weekdays(out().pattern)) {
      out().weekdays = in_.u32() & 0x7FU;
      if (out().pattern != Recurrence::Pattern::week) {
        // Some write -1 for the last.
        const std::uint32_t nth = in_.u32();
        out().nth = nth > 5 ? 5 : nth;
        found_.has_wrong_start = nth == 0xFF;
      }
    } else if (out().pattern != Recurrence::Pattern::day) {
      out().day = in_.u32();
    }
  }

  void read_end() {
    const std::uint32_t end = in_.u32();
    const bool is_known = end == 0x2021 || end == 0x2022;
    out().end = is_known ? static_cast<Recurrence::End>(end) : Recurrence::End::never;
    out().count = in_.u32();
    out().first_weekday = in_.u32() % 7;
  }

  Result<void> read_dates(std::vector<Minutes>& dates) {
    const std::uint32_t count = in_.u32();
    if (count > kMostExceptions) return fail(Errc::too_large, "The recurrence has too many exceptions.");
    for (std::uint32_t i = 0; i < count && !in_.is_short(); ++i) dates.push_back(in_.u32());
    return in_.is_short() ? cut_off() : Result<void>();
  }

  // Whether all of it could be read.
  bool read_times() {
    const std::uint32_t reader_version = in_.u32();
    const std::uint32_t writer_version = in_.u32();
    const std::uint32_t start = in_.u32();
    const std::uint32_t end = in_.u32();
    if (in_.is_short() || reader_version != kTimesVersion) return false;
    out().has_times = true;
    out().writer_version = writer_version;
    out().start_offset = start;
    out().end_offset = end;
    const std::uint16_t count = in_.u16();
    if (count > kMostExceptions) return false;
    for (std::uint16_t i = 0; i < count; ++i)
      if (!read_exception()) return false;
    in_.take(in_.u32());
    if (in_.is_short()) return false;
    for (std::size_t i = 0; i < flags_.size(); ++i)
      if (!read_extended(i)) return false;
    in_.take(in_.u32());
    return !in_.is_short();
  }

  bool read_exception() {
    RecurrenceException exception;
    exception.start = in_.u32();
    exception.end = in_.u32();
    exception.original = in_.u32();
    const std::uint16_t flags = in_.u16();
    const auto number = [&](std::uint16_t flag) -> std::optional<std::uint32_t> {
      if ((flags & flag) == 0) return std::nullopt;
      return in_.u32();
    };
    if ((flags & kHasSubject) != 0) exception.subject = read_text();
    exception.meeting_type = number(kHasMeetingType);
    exception.reminder_minutes = number(kHasReminderMinutes);
    if (const auto reminder = number(kHasReminder)) exception.has_reminder = *reminder != 0;
    if ((flags & kHasLocation) != 0) exception.location = read_text();
    exception.busy_status = number(kHasBusyStatus);
    exception.has_attachments = number(kHasAttachments);
    exception.is_all_day = number(kHasAllDay);
    exception.color = number(kHasColor);
    exception.has_body = (flags & kHasBody) != 0;
    if (in_.is_short()) return false;
    flags_.push_back(flags);
    out().exceptions.push_back(std::move(exception));
    return true;
  }

  std::string read_text() {
    in_.u16();  // one more than the next
    const std::string_view bytes = in_.take(in_.u16());
    return mime::is_utf8(bytes) ? std::string(bytes) : decode_page(bytes, code_page_);
  }

  bool read_extended(std::size_t index) {
    RecurrenceException& exception = out().exceptions[index];
    if (out().writer_version >= kHighlightVersion) exception.highlight = in_.take(in_.u32());
    in_.take(in_.u32());
    if ((flags_[index] & (kHasSubject | kHasLocation)) == 0) return !in_.is_short();
    in_.take(12);  // start, end and original again
    const auto text = [&](std::optional<std::string>& into) {
      const std::string_view wide = in_.take(std::size_t{in_.u16()} * 2);
      if (!in_.is_short()) into = utf8_of_utf16le(wide);
    };
    if ((flags_[index] & kHasSubject) != 0) text(exception.subject);
    if ((flags_[index] & kHasLocation) != 0) text(exception.location);
    in_.take(in_.u32());
    return !in_.is_short();
  }

  Cursor in_;
  std::int64_t code_page_;
  ReadRecurrence found_;
  std::vector<std::uint16_t> flags_;  // of the exceptions
};

}  // namespace

Result<ReadRecurrence> read_recurrence(std::string_view bytes, std::int64_t code_page) {
  return RecurrenceReader(bytes, code_page).read();
}

icalendar::Wall wall_of(Minutes minutes) {
  constexpr auto kFirst = std::chrono::local_days(std::chrono::year(1601) / 1 / 1);
  return icalendar::Wall(kFirst) + std::chrono::minutes(minutes);
}

}  // namespace kontor::mapi
