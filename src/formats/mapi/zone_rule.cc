// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/zone_rule.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/line_text.h"

namespace kontor::mapi {
namespace {

constexpr std::int64_t kOffsetLimit = 24 * 60;  // minutes
constexpr std::size_t kRuleBytes = 62;          // of a TZRule behind its version and size

// Asked in this order for one whose clocks go as a rule says: with names that many people know first.
constexpr auto kCandidates = std::to_array<std::string_view>({
    "Europe/Berlin",    "Europe/London",       "Europe/Helsinki",    "Europe/Lisbon",      "Europe/Moscow",
    "Europe/Istanbul",  "Europe/Minsk",        "Europe/Chisinau",    "America/New_York",   "America/Chicago",
    "America/Denver",   "America/Los_Angeles", "America/Phoenix",    "America/Anchorage",  "America/Halifax",
    "America/St_Johns", "America/Sao_Paulo",   "America/Bogota",     "America/Caracas",    "America/Santiago",
    "America/Asuncion", "America/Havana",      "America/Nuuk",       "America/Regina",     "Pacific/Honolulu",
    "Atlantic/Azores",  "Atlantic/Cape_Verde", "Atlantic/Reykjavik", "Africa/Lagos",       "Africa/Johannesburg",
    "Africa/Nairobi",   "Africa/Cairo",        "Africa/Casablanca",  "Asia/Jerusalem",     "Asia/Beirut",
    "Asia/Tehran",      "Asia/Dubai",          "Asia/Kabul",         "Asia/Karachi",       "Asia/Kolkata",
    "Asia/Kathmandu",   "Asia/Dhaka",          "Asia/Yangon",        "Asia/Bangkok",       "Asia/Shanghai",
    "Asia/Tokyo",       "Australia/Adelaide",  "Australia/Darwin",   "Australia/Sydney",   "Australia/Brisbane",
    "Australia/Perth",  "Australia/Lord_Howe", "Pacific/Noumea",     "Pacific/Auckland",   "Pacific/Fiji",
    "Pacific/Chatham",  "Pacific/Tongatapu",   "Pacific/Pago_Pago",  "Pacific/Kiritimati",
});

ZoneDate read_date(Cursor& in) {
  ZoneDate date;
  for (std::uint16_t* field :
       {&date.year, &date.month, &date.weekday, &date.day, &date.hour, &date.minute, &date.second})
    *field = in.u16();
  in.u16();  // milliseconds
  return date;
}

void put_date(const ZoneDate& date, std::string& out) {
  for (const std::uint16_t field :
       {date.year, date.month, date.weekday, date.day, date.hour, date.minute, date.second, std::uint16_t{0}})
    append_le(out, field);
}

bool is_sound(const ZoneDate& date) {
  if (date.month == 0) return true;
  if (date.year != 0 && (date.year < 1601 || date.year > 4500)) return false;
  const bool is_day = date.day >= 1 && date.day <= (date.year == 0 ? 5 : 31);
  return date.month <= 12 && date.weekday <= 6 && is_day && date.hour <= 24 && date.minute <= 59 && date.second <= 59;
}

bool is_sound(const ZoneRule& rule) {
  const auto fits = [](std::int64_t bias) { return bias > -kOffsetLimit && bias < kOffsetLimit; };
  // Their sums are offsets from UTC, of which iCalendar takes less than a day.
  return fits(rule.bias) && fits(std::int64_t{rule.bias} + rule.standard_bias) &&
         fits(std::int64_t{rule.bias} + rule.daylight_bias) && is_sound(rule.standard_begin) &&
         is_sound(rule.daylight_begin);
}

// 1 is the first, -1 the last, as RRULE counts.
int ordinal(const ZoneDate& date) { return date.day == 5 ? -1 : date.day; }

std::chrono::local_days day_of(const ZoneDate& date, int year) {
  using namespace std::chrono;
  const month in{date.month};
  if (date.year != 0) return local_days(std::chrono::year(year) / in / static_cast<int>(date.day));
  const weekday on{date.weekday};
  if (date.day == 5) return local_days(std::chrono::year(year) / in / on[last]);
  return local_days(std::chrono::year(year) / in / on[date.day]);
}

std::string offset_text(std::int32_t minutes) {
  return fmt::format("{}{:02}{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
}

lines::Component observance(std::string_view name, const ZoneDate& begin, std::int32_t from, std::int32_t to) {
  constexpr auto kWeekdays = std::to_array<std::string_view>({"SU", "MO", "TU", "WE", "TH", "FR", "SA"});
  lines::Component part;
  part.name = name;
  if (begin.month == 0) {
    part.set("DTSTART", "19700101T000000");
  } else {
    const int year = begin.year == 0 ? 1970 : begin.year;
    const std::chrono::year_month_day day(day_of(begin, year));
    part.set("DTSTART", fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}", static_cast<int>(day.year()),
                                    static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                                    std::min<int>(begin.hour, 23), begin.minute, begin.second));
    if (begin.year == 0)
      part.set("RRULE", fmt::format("FREQ=YEARLY;BYMONTH={};BYDAY={}{}", begin.month, ordinal(begin),
                                    kWeekdays.at(begin.weekday)));
  }
  part.set("TZOFFSETFROM", offset_text(-from));
  part.set("TZOFFSETTO", offset_text(-to));
  return part;
}

// Offsets at noon in UTC of each day of a year: no clocks change between there.
using YearOfOffsets = std::array<std::chrono::seconds, 365>;

Instant noon_of(int year, std::size_t day) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(year) / 1 / 1) + days(day) + hours(12);
}

// When it begins in that year, by clocks that showed UTC - `bias` before.
Instant begin_of(const ZoneDate& date, int year, std::int32_t bias) {
  using namespace std::chrono;
  const auto wall =
      day_of(date, year) + hours(std::min<int>(date.hour, 23)) + minutes(date.minute) + seconds(date.second);
  return Instant(wall.time_since_epoch()) + minutes(bias);
}

// A zone of rules is dear to make: of what happens every year this says the same. Nothing for what cannot be a zone.
std::optional<YearOfOffsets> offsets_of(const ZoneRule& rule, int year) {
  YearOfOffsets offsets{};
  const bool is_yearly = !rule.has_daylight() || (rule.standard_begin.year == 0 && rule.daylight_begin.year == 0);
  if (!is_yearly) {
    const auto zone = icalendar::zone_of_rules(vtimezone_of(rule, "Zone of the item"));
    if (!zone) return std::nullopt;
    for (std::size_t day = 0; day < offsets.size(); ++day) offsets.at(day) = (*zone)->offset_at(noon_of(year, day));
    return offsets;
  }
  offsets.fill(std::chrono::minutes(-rule.bias));
  if (!rule.has_daylight()) return offsets;
  const std::int32_t standard = rule.bias + rule.standard_bias;
  const std::int32_t daylight = rule.bias + rule.daylight_bias;
  const Instant begin = begin_of(rule.daylight_begin, year, standard);
  const Instant end = begin_of(rule.standard_begin, year, daylight);
  for (std::size_t day = 0; day < offsets.size(); ++day) {
    const Instant at = noon_of(year, day);
    const bool is_daylight = begin < end ? at >= begin && at < end : at >= begin || at < end;
    offsets.at(day) = std::chrono::minutes(-(is_daylight ? daylight : standard));
  }
  return offsets;
}

bool agree(const icalendar::Zone& zone, const YearOfOffsets& wanted, int year) {
  for (std::size_t day = 0; day < wanted.size(); ++day)
    if (zone.offset_at(noon_of(year, day)) != wanted.at(day)) return false;
  return true;
}

// As Outlook writes it: a week's day within a month, before midnight of that day.
std::optional<ZoneDate> date_of(const icalendar::PosixZone::Change& change) {
  using Form = icalendar::PosixZone::Change::Form;
  constexpr int kDay = 24 * 60 * 60;
  if (change.form != Form::week || change.second < 0 || change.second >= kDay) return std::nullopt;
  const auto number = [](int value) { return static_cast<std::uint16_t>(value); };
  return ZoneDate{.year = 0,
                  .month = number(change.month),
                  .weekday = number(change.day),
                  .day = number(change.week),
                  .hour = number(change.second / 3600),
                  .minute = number(change.second / 60 % 60),
                  .second = number(change.second % 60)};
}

}  // namespace

std::optional<ZoneRule> rule_in_force(const icalendar::Zone& zone) {
  const auto& tail = zone.tail();
  if (!tail || tail->standard % 60 != 0 || tail->daylight.value_or(0) % 60 != 0) return std::nullopt;
  ZoneRule rule{.bias = -tail->standard / 60};
  if (!tail->daylight) return rule;
  const auto begin = date_of(tail->begin);
  const auto end = date_of(tail->end);
  if (!begin || !end) return std::nullopt;
  rule.daylight_bias = -*tail->daylight / 60 - rule.bias;
  rule.daylight_begin = *begin;
  rule.standard_begin = *end;
  return rule;
}

Result<ZoneRule> read_zone_struct(std::string_view bytes) {
  Cursor in(bytes);
  ZoneRule rule;
  rule.bias = in.i32();
  rule.standard_bias = in.i32();
  rule.daylight_bias = in.i32();
  in.u16();
  rule.standard_begin = read_date(in);
  in.u16();
  rule.daylight_begin = read_date(in);
  if (in.is_short() || !is_sound(rule)) return fail(Errc::corrupt, "The time zone's rule cannot be read.");
  return rule;
}

std::string write_zone_struct(const ZoneRule& rule) {
  std::string out;
  for (const std::int32_t bias : {rule.bias, rule.standard_bias, rule.daylight_bias})
    append_le(out, static_cast<std::uint32_t>(bias));
  append_le16(out, rule.standard_begin.year);
  put_date(rule.standard_begin, out);
  append_le16(out, rule.daylight_begin.year);
  put_date(rule.daylight_begin, out);
  return out;
}

const ZoneRule* ZoneDefinition::rule() const {
  for (const std::uint16_t flag : {1, 2})
    for (const From& from : rules)
      if ((from.flags & flag) != 0) return &from.rule;
  return rules.empty() ? nullptr : &rules.back().rule;
}

Result<ZoneDefinition> read_zone_definition(std::string_view bytes) {
  Cursor in(bytes);
  ZoneDefinition definition;
  in.u16();  // version
  Cursor head(in.take(in.u16()));
  head.u16();
  definition.key = utf8_of_utf16le(head.take(std::size_t{head.u16()} * 2));
  const std::uint16_t count = head.u16();
  if (in.is_short() || head.is_short()) return fail(Errc::corrupt, "The definition of a time zone breaks off.");
  for (std::uint16_t i = 0; i < count; ++i) {
    in.u16();  // version
    Cursor one(in.take(in.u16()));
    ZoneDefinition::From from;
    from.flags = one.u16();
    from.year = one.u16();
    one.take(14);
    for (std::int32_t* bias : {&from.rule.bias, &from.rule.standard_bias, &from.rule.daylight_bias}) *bias = one.i32();
    from.rule.standard_begin = read_date(one);
    from.rule.daylight_begin = read_date(one);
    if (in.is_short() || one.is_short() || one.position() > kRuleBytes || !is_sound(from.rule))
      return fail(Errc::corrupt, "A rule of a time zone cannot be read.");
    definition.rules.push_back(from);
  }
  return definition;
}

lines::Component vtimezone_of(const ZoneRule& rule, std::string_view id) {
  lines::Component zone;
  zone.name = "VTIMEZONE";
  zone.set("TZID", line_text(id));
  const std::int32_t standard = rule.bias + (rule.has_daylight() ? rule.standard_bias : 0);
  if (!rule.has_daylight()) {
    zone.components.push_back(observance("STANDARD", ZoneDate(), standard, standard));
    return zone;
  }
  const std::int32_t daylight = rule.bias + rule.daylight_bias;
  zone.components.push_back(observance("STANDARD", rule.standard_begin, daylight, standard));
  zone.components.push_back(observance("DAYLIGHT", rule.daylight_begin, standard, daylight));
  return zone;
}

std::optional<FoundZone> find_zone(const ZoneHints& hints, int year, const icalendar::ZoneDatabase& database) {
  const auto is_same = [&](const icalendar::ZonePointer& zone) {
    return hints.rule != nullptr && zone != nullptr && rule_in_force(*zone) == *hints.rule;
  };
  // What is said is the rule in force, also of a year when clocks went otherwise.
  for (const std::string_view name : {hints.description, hints.key})
    if (const auto zone = name.empty() ? nullptr : database.match(name); is_same(zone))
      return FoundZone{zone->name(), zone, std::nullopt};
  const auto wanted = hints.rule == nullptr ? std::nullopt : offsets_of(*hints.rule, year);
  icalendar::ZonePointer named;
  for (const std::string_view name : {hints.description, hints.key}) {
    if (name.empty()) continue;
    const icalendar::ZonePointer zone = database.match(name);
    if (zone == nullptr) continue;
    if (!wanted || agree(*zone, *wanted, year)) return FoundZone{zone->name(), zone, std::nullopt};
    if (named == nullptr) named = zone;
  }
  if (!wanted) return std::nullopt;
  for (const std::string_view name : kCandidates)
    if (const auto zone = database.find(name); zone != nullptr && agree(*zone, *wanted, year))
      return FoundZone{zone->name(), zone, std::nullopt};
  for (const std::string_view name : kCandidates)
    if (const auto zone = database.find(name); is_same(zone)) return FoundZone{zone->name(), zone, std::nullopt};
  const std::string said = one_line(hints.key.empty() ? hints.description : hints.key);
  lines::Component vtimezone = vtimezone_of(*hints.rule, said.empty() ? "Zone of the item" : said);
  auto ruled = icalendar::zone_of_rules(vtimezone);
  if (!ruled) return named == nullptr ? std::nullopt : std::optional(FoundZone{named->name(), named, std::nullopt});
  std::string id = lines::unescape(vtimezone.value("TZID"));
  // Not by the name of a zone whose clocks go otherwise: readers believe names first.
  if (named != nullptr || database.match(id) != nullptr) {
    id += " (of the item)";
    vtimezone.set("TZID", line_text(id));
  }
  return FoundZone{id, *std::move(ruled), std::move(vtimezone)};
}

}  // namespace kontor::mapi
