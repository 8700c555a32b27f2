// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/vtimezone.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace kontor::icalendar {
namespace {

constexpr int kSecondsOfADay = 86'400;
constexpr int kFirstYear = 1970;
// What no rule of iCalendar says is told one by one until then, as far as we read rules ourselves.
constexpr Instant kToldUntil = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);

std::string offset_text(std::int32_t offset) {
  const int minutes = std::abs(offset) / 60, seconds = std::abs(offset) % 60;
  return fmt::format("{}{:02}{:02}{}", offset < 0 ? "-" : "+", minutes / 60, minutes % 60,
                     seconds != 0 ? fmt::format("{:02}", seconds) : "");
}

std::string wall_text(std::int64_t wall) { return fmt::format("{:%Y%m%dT%H%M%S}", fmt::gmtime(wall)); }
std::string print_utc(Instant at) { return wall_text(at.time_since_epoch().count()) + "Z"; }

lines::Component observance(bool is_daylight, const std::string& name, std::int64_t begin, std::int32_t from,
                            std::int32_t to) {
  lines::Component out{.name = is_daylight ? "DAYLIGHT" : "STANDARD"};
  if (!name.empty()) out.set("TZNAME", lines::escape(name));
  out.set("DTSTART", wall_text(begin));
  out.set("TZOFFSETFROM", offset_text(from));
  out.set("TZOFFSETTO", offset_text(to));
  return out;
}

// A change may be on a day before or after the one that its rule names: "the Friday after the fourth Thursday". Nothing
// where such days can lie in another month.
std::optional<std::string> rule_of(const PosixZone::Change& change) {
  static constexpr const char* kDays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  static constexpr int kShortest[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (change.form != PosixZone::Change::Form::week) return std::nullopt;
  const int shift =
      change.second >= 0 ? change.second / kSecondsOfADay : -((kSecondsOfADay - 1 - change.second) / kSecondsOfADay);
  const auto day = static_cast<std::size_t>(((change.day + shift) % 7 + 7) % 7);
  if (shift == 0)
    return fmt::format("FREQ=YEARLY;BYMONTH={};BYDAY={}{}", change.month, change.week == 5 ? -1 : change.week,
                       kDays[day]);
  if (change.month == 2) return std::nullopt;
  const int length = kShortest[change.month - 1];
  const int first = (change.week == 5 ? length - 6 : 7 * (change.week - 1) + 1) + shift;
  if (first < 1 || first + 6 > length) return std::nullopt;
  return fmt::format("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={},{},{},{},{},{},{};BYDAY={}", change.month, first, first + 1,
                     first + 2, first + 3, first + 4, first + 5, first + 6, kDays[day]);
}

// Changes that are alike, one after the other: one component.
class Observances {
 public:
  void add(const Zone::Change& change, std::int32_t from) {
    const Key key{change.is_daylight, change.name, from, change.offset};
    const auto at = std::ranges::find(all_, key, &Alike::key);
    if (at == all_.end())
      all_.push_back({key, {change.at + from}});
    else
      at->onsets.push_back(change.at + from);
  }

  void print(lines::Component& out) const {
    for (const Alike& one : all_) {
      const auto& [is_daylight, name, from, to] = one.key;
      lines::Component component = observance(is_daylight, name, one.onsets.front(), from, to);
      std::string dates;
      for (std::size_t i = 1; i < one.onsets.size(); ++i) dates += (i == 1 ? "" : ",") + wall_text(one.onsets[i]);
      if (!dates.empty()) component.set("RDATE", dates);
      out.components.push_back(std::move(component));
    }
  }

 private:
  using Key = std::tuple<bool, std::string, std::int32_t, std::int32_t>;
  struct Alike {
    Key key;
    std::vector<std::int64_t> onsets;  // on the wall before
  };
  std::vector<Alike> all_;  // by their first
};

// From when on the tail alone says what clocks do: files tell a part of that one by one.
Instant ruled_from(const Zone& zone) {
  const auto& changes = zone.changes();
  if (changes.empty()) return Instant::min();
  const Zone tail("", zone.tail()->standard, {}, zone.tail());
  const Instant last(std::chrono::seconds(changes.back().at));
  const auto by_rule = tail.changes_between(Instant(std::chrono::sys_days(std::chrono::year(1900) / 1 / 1)),
                                            last + std::chrono::seconds(1));
  std::size_t alike = 0;
  while (alike < changes.size() && alike < by_rule.size()) {
    const Zone::Change& one = changes[changes.size() - 1 - alike];
    const Zone::Change& other = by_rule[by_rule.size() - 1 - alike];
    if (one.at != other.at || one.offset != other.offset || one.is_daylight != other.is_daylight) break;
    ++alike;
  }
  if (alike == 0) return last + std::chrono::seconds(1);
  return Instant(std::chrono::seconds(changes[changes.size() - alike].at));
}

// The two rules of the tail, from their first changes at or after `from` on.
void print_tail(const PosixZone& tail, Instant from, std::optional<Instant> until, lines::Component& out) {
  const Zone rules("", tail.standard, {}, tail);
  const auto next = rules.changes_between(from, from + std::chrono::days(800));
  for (const bool is_daylight : {true, false}) {
    const auto first = std::ranges::find(next, is_daylight, &Zone::Change::is_daylight);
    if (first == next.end() || (until && first->at >= until->time_since_epoch().count())) continue;
    const std::int32_t before = is_daylight ? tail.standard : *tail.daylight;
    lines::Component component = observance(is_daylight, first->name, first->at + before, before, first->offset);
    const std::string end = until ? ";UNTIL=" + print_utc(*until - std::chrono::seconds(1)) : "";
    component.set("RRULE", *rule_of(is_daylight ? tail.begin : tail.end) + end);
    out.components.push_back(std::move(component));
  }
}

// What holds at `from`, or has always held.
lines::Component first_observance(const Zone& zone, std::optional<Instant> from) {
  if (!from) {
    const std::int64_t long_ago =
        std::chrono::seconds(std::chrono::sys_days(std::chrono::year(1601) / 1 / 1).time_since_epoch()).count();
    return observance(false, zone.changes().empty() && zone.tail() ? zone.tail()->standard_name : "", long_ago,
                      zone.first_offset(), zone.first_offset());
  }
  const auto offset = static_cast<std::int32_t>(zone.offset_at(*from).count());
  const auto before = zone.changes_between(*from - std::chrono::days(800), *from + std::chrono::seconds(1));
  const bool is_daylight = !before.empty() && before.back().is_daylight;
  return observance(is_daylight, before.empty() ? "" : before.back().name, from->time_since_epoch().count() + offset,
                    offset, offset);
}

Instant begin_of_year(Instant at) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(at));
  return std::chrono::sys_days(day.year() / 1 / 1);
}

}  // namespace

lines::Component vtimezone_of(const Zone& zone, Instant now) {
  lines::Component out{.name = "VTIMEZONE"};
  out.set("TZID", lines::escape(zone.name()));
  const auto& tail = zone.tail();
  const auto offset = static_cast<std::int32_t>(zone.offset_at(now).count());
  const bool is_ruled = tail && now >= ruled_from(zone);
  if (!is_ruled || (tail->daylight && (!rule_of(tail->begin) || !rule_of(tail->end))))
    return vtimezone_between(zone, zone.name(), {.from = begin_of_year(now), .until = {}});
  const Instant begin{std::chrono::sys_days(std::chrono::year(kFirstYear) / 1 / 1)};
  if (tail->daylight)
    print_tail(*tail, begin, {}, out);
  else
    out.components.push_back(observance(false, tail->standard_name, begin.time_since_epoch().count(), offset, offset));
  return out;
}

lines::Component vtimezone_between(const Zone& zone, const std::string& id, const ZoneSpan& span) {
  lines::Component out{.name = "VTIMEZONE"};
  out.set("TZID", lines::escape(id));
  if (span.until) out.set("TZUNTIL", print_utc(*span.until));
  out.components.push_back(first_observance(zone, span.from));
  const Instant from = span.from ? *span.from + std::chrono::seconds(1) : Instant::min();
  const auto& tail = zone.tail();
  const bool has_rules = tail && tail->daylight && rule_of(tail->begin) && rule_of(tail->end);
  const Instant ruled = has_rules ? std::max(from, ruled_from(zone)) : kToldUntil;
  Observances told;
  const Instant told_from = std::max(from, Instant(std::chrono::sys_days(std::chrono::year(1800) / 1 / 1)));
  const Instant told_until = std::min(ruled, span.until.value_or(kToldUntil));
  std::int32_t before = static_cast<std::int32_t>(
      (span.from ? zone.offset_at(*span.from) : std::chrono::seconds(zone.first_offset())).count());
  for (const Zone::Change& change : zone.changes_between(told_from, told_until)) {
    told.add(change, before);
    before = change.offset;
  }
  told.print(out);
  if (has_rules && ruled < span.until.value_or(Instant::max()))
    print_tail(*tail, std::max(ruled, told_from), span.until, out);
  return out;
}

}  // namespace kontor::icalendar
