// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/default_alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

constexpr std::string_view kOwnPrefix = "calendar.default-alarm-", kHomePrefix = "calendar.home.default-alarm-";
constexpr std::string_view kSince = ".since";
constexpr seconds kLookedBeyond{86'400 * 2};  // zones, and clocks that change
constexpr const char* kNoAlarm = "-";         // how "no alarm" is kept: an empty property is none

std::string_view name_of(DefaultAlarm which) {
  switch (which) {
    case DefaultAlarm::event_time:
      return "vevent-datetime";
    case DefaultAlarm::event_date:
      return "vevent-date";
    case DefaultAlarm::task_time:
      return "vtodo-datetime";
    case DefaultAlarm::task_date:
      return "vtodo-date";
  }
  return "";
}

std::string default_alarm_property(bool of_home, DefaultAlarm which) {
  return std::string(of_home ? kHomePrefix : kOwnPrefix) + std::string(name_of(which));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Such an alarm says that there is none; programs give it a moment long ago.
bool says_none(const lines::Component& alarm) { return iequals(alarm.value("ACTION"), "NONE"); }

Result<void> check_alarm(const lines::Component& component) {
  if (!component.is("VALARM")) return fail(Errc::invalid, fmt::format("{} is no VALARM", component.name));
  if (component.value("ACTION").empty()) return fail(Errc::invalid, "an alarm has no ACTION");
  TRY(const icalendar::Alarm alarm, icalendar::alarm_of(component));
  if (says_none(component)) return {};
  if (alarm.at) return fail(Errc::invalid, "the TRIGGER of an alarm for all events is relative to their begin or end");
  const auto far = std::chrono::abs(alarm.before.length()) + alarm.every.length() * std::min(alarm.repeat, 1000);
  if (far > kFarthestDefaultAlarm) return fail(Errc::invalid, "an alarm lies more than a year from what it is about");
  return {};
}

Result<std::vector<lines::Component>> read_default_alarms(std::string_view text) {
  if (is_blank(text)) return std::vector<lines::Component>();
  if (text.size() > kLargestDefaultAlarm) return fail(Errc::invalid, "the alarm is too large");
  TRY(auto read, icalendar::read(text, "utf-8", {.bytes = kLargestDefaultAlarm, .components = 20}));
  if (read.is_truncated || read.calendars.size() != 1) return fail(Errc::invalid, "the alarm has no END");
  std::vector<lines::Component>& alarms = read.calendars[0].components;
  if (alarms.empty()) return fail(Errc::invalid, "there is no VALARM");
  if (alarms.size() > kMostDefaultAlarms) return fail(Errc::invalid, "there are too many alarms");
  for (const lines::Component& one : alarms) TRY_VOID(check_alarm(one));
  return std::move(alarms);
}

std::optional<std::string> stored_text(const Folder& folder, const std::string& property) {
  const auto found = folder.properties.find(property);
  if (found == folder.properties.end()) return std::nullopt;
  return found->second == kNoAlarm ? std::string() : found->second;
}

Instant since_of(const Folder& folder, const std::string& property) {
  const auto found = folder.properties.find(property + std::string(kSince));
  std::int64_t second = 0;
  if (found != folder.properties.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), second);
  return Instant(seconds(second));
}

}  // namespace

Result<std::optional<std::string>> default_alarm(const Reader& reader, const DefaultAlarmPlace& place,
                                                 DefaultAlarm which) {
  const std::string property = default_alarm_property(place.of_home, which);
  if (!place.is_own) {
    TRY(const auto annotations, reader.annotations(place.folder));
    const auto found = annotations.find(std::string(kPrivateAnnotation) + property);
    if (found == annotations.end()) return std::nullopt;
    return found->second == kNoAlarm ? std::string() : found->second;
  }
  TRY(const auto folder, reader.folder(place.folder));
  if (!(reader.rights(place.folder) & right::kRead)) return fail(Errc::denied, "you may not read this");
  return stored_text(*folder, property);
}

Result<void> set_default_alarm(Transaction& transaction, const DefaultAlarmPlace& place, DefaultAlarm which,
                               const std::optional<std::string>& value, Instant now) {
  if (value) TRY_VOID(read_default_alarms(*value));
  const std::string property = default_alarm_property(place.of_home, which);
  const std::string kept = !value ? "" : is_blank(*value) ? kNoAlarm : *value;
  if (!place.is_own)
    return transaction.annotate(place.folder, std::string(kPrivateAnnotation) + property,
                                value ? std::optional(kept) : std::nullopt);
  Transaction::FolderChange change;
  change.properties[property] = kept;
  change.properties[property + std::string(kSince)] = value ? std::to_string(now.time_since_epoch().count()) : "";
  return transaction.change_folder(place.folder, change);
}

WantedAlarms wanted_alarms(const Folder& folder, const Folder* home) {
  WantedAlarms out;
  for (const DefaultAlarm which : kDefaultAlarms) {
    const bool is_own = folder.properties.contains(default_alarm_property(false, which));
    if (!is_own && (home == nullptr || folder.properties.contains(kIsFeed))) continue;
    const Folder& from = is_own ? folder : *home;
    const std::string property = default_alarm_property(!is_own, which);
    const auto text = stored_text(from, property);
    auto alarms = text ? read_default_alarms(*text) : Result<std::vector<lines::Component>>();
    // What says that there is none keeps the home's away, and is no alarm.
    if (alarms) std::erase_if(*alarms, [](const lines::Component& one) { return says_none(one); });
    if (alarms && !alarms->empty())
      out[static_cast<std::size_t>(which)] = {*std::move(alarms), since_of(from, property)};
  }
  return out;
}

bool is_default_alarm(std::string_view property) {
  return property.starts_with(kOwnPrefix) || property.starts_with(kHomePrefix);
}

std::string encode(const DefaultAlarmMark& mark) {
  std::string out;
  for (const std::int64_t number :
       {static_cast<std::int64_t>(mark.told.time_since_epoch().count()),
        static_cast<std::int64_t>(mark.look.time_since_epoch().count()),
        static_cast<std::int64_t>(mark.earliest.count()), static_cast<std::int64_t>(mark.latest.count())})
    append_be64(out, static_cast<std::uint64_t>(number));
  append_be64(out, mark.changes);
  return out;
}

std::optional<DefaultAlarmMark> decode_default_alarm_mark(std::string_view bytes) {
  if (bytes.size() != 40) return std::nullopt;
  const auto number = [&](std::size_t at) { return seconds(static_cast<std::int64_t>(read_be64(bytes.substr(at)))); };
  return DefaultAlarmMark{.told = Instant(number(0)),
                          .look = Instant(number(8)),
                          .earliest = number(16),
                          .latest = number(24),
                          .changes = read_be64(bytes.substr(32))};
}

bool matters(const DefaultAlarmMark& mark, const Facts& facts) {
  const bool can_have = facts.component == Facts::Component::event || facts.component == Facts::Component::todo;
  if (!can_have || facts.has_alarms || !facts.has_time()) return false;
  return *facts.first < mark.look - mark.earliest + kLookedBeyond &&
         (!facts.last || *facts.last > mark.told - mark.latest - kLookedBeyond);
}

}  // namespace kontor::groupware
