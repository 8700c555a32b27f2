// SPDX-License-Identifier: AGPL-3.0-or-later
// Recurrence as Outlook and Kopano keep it: RecurrencePattern and AppointmentRecurrencePattern ([MS-OXOCAL] sections
// 2.2.1.44.1 and 2.2.1.44.5). All times in it are on the wall of the series' zone, in minutes since 1601-01-01.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/value.h"

namespace kontor::mapi {

using Minutes = std::uint32_t;
constexpr Minutes kDayMinutes = 1440;
constexpr std::size_t kMostExceptions = 10'000;  // also of deleted and modified instances

icalendar::Wall wall_of(Minutes minutes);

// One changed instance. What is not there is as in the series.
struct RecurrenceException {
  bool operator==(const RecurrenceException&) const = default;

  Minutes start = 0, end = 0;
  Minutes original = 0;  // where it would begin
  std::optional<std::string> subject, location;
  std::optional<std::uint32_t> meeting_type;  // PidLidAppointmentStateFlags
  std::optional<std::uint32_t> reminder_minutes;
  std::optional<bool> has_reminder;
  std::optional<std::uint32_t> busy_status;
  std::optional<std::uint32_t> has_attachments;
  std::optional<std::uint32_t> is_all_day;
  std::optional<std::uint32_t> color;
  bool has_body = false;  // in the attachment of the exception
  std::string highlight;  // what a meeting update changed: kept as it is
};

struct Recurrence {
  enum class Frequency : std::uint16_t { daily = 0x200A, weekly = 0x200B, monthly = 0x200C, yearly = 0x200D };
  enum class Pattern : std::uint16_t {
    day = 0,
    week = 1,
    month = 2,
    month_nth = 3,
    month_end = 4,
    hijri_month = 0xA,
    hijri_month_nth = 0xB,
    hijri_month_end = 0xC,
  };
  enum class End : std::uint32_t { date = 0x2021, count = 0x2022, never = 0x2023 };
  bool operator==(const Recurrence&) const = default;

  Frequency frequency = Frequency::daily;
  Pattern pattern = Pattern::day;
  std::uint16_t calendar = 0;  // [MS-OXOCAL] section 2.2.1.44.1: 0 and 1 Gregorian, 6 Hijri, 8 Hebrew, ...
  std::uint32_t first_date_time = 0;
  std::uint32_t period = kDayMinutes;  // of Pattern::day in minutes, else weeks or months
  std::uint32_t is_sliding = 0;        // a task's next one is reckoned from when this one is done
  std::uint32_t weekdays = 0;          // bit 0 is Sunday
  std::uint32_t day = 0;               // of the month
  std::uint32_t nth = 0;               // 1 to 4, 5 is the last
  End end = End::never;
  std::uint32_t count = 10;
  std::uint32_t first_weekday = 0;  // 0 is Sunday
  std::vector<Minutes> deleted;     // midnights of what is deleted or changed
  std::vector<Minutes> modified;    // midnights of where changed ones went
  Minutes start_date = 0;
  Minutes end_date = 0;

  // The second half, which tasks and some old writers leave out.
  bool has_times = false;
  std::uint32_t writer_version = 0x3009;
  std::uint32_t start_offset = 0, end_offset = 0;  // from midnight
  std::vector<RecurrenceException> exceptions;
};

struct ReadRecurrence {
  Recurrence recurrence;
  bool is_damaged = false;  // the second half was cut off or nonsense: what came before it counts
  // "The last" was said as -1 of a byte, as kopano-ical does, which then reckoned the blob's start with the 255th.
  bool has_wrong_start = false;
};

// Takes 8-bit texts as UTF-8 where they are that, else as `code_page`, and only where the Unicode ones are missing.
// Errors: corrupt (the first half cannot be read), too_large (kMostExceptions).
Result<ReadRecurrence> read_recurrence(std::string_view bytes, std::int64_t code_page = 1252);
// What the reader reads back the same. Texts are cut at 65,000 bytes.
std::string write(const Recurrence& recurrence);

}  // namespace kontor::mapi
