// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/push/alarm_push.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/access.h"
#include "formats/itip/mail.h"
#include "formats/mime/charset.h"
#include "groupware/push/push.h"
#include "groupware/scheduling/event_clock.h"

namespace kontor::groupware {
namespace {

namespace json = boost::json;
using icalendar::When;

constexpr std::size_t kLongestTitle = 400, kLongestPlace = 250, kLongestSaid = 400, kLongestPushUid = 200;

// So that no letter takes more than two bytes of JSON for each of its own.
std::string shown(std::string text, std::size_t longest) {
  if (!mime::is_utf8(text)) return {};
  std::ranges::replace_if(
      text, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f'; }, ' ');
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  text.resize(longest);
  return text;
}

std::string utc_text(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()));
}

// JSCalendar's LocalDateTime (RFC 8984 section 1.4.4) of the instance's place in its series; of a single event nothing.
json::value recurrence_id(const AlarmTime& alarm, const EventClock& clock) {
  const bool is_override = alarm.component->find("RECURRENCE-ID") != nullptr;
  if (!is_override && alarm.component->find("RRULE") == nullptr && alarm.component->find("RDATE") == nullptr)
    return nullptr;
  When place = clock.at(alarm.start);
  if (const auto own = icalendar::when(*alarm.component, "RECURRENCE-ID"); is_override && own && *own) place = **own;
  return json::value(fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(place.wall.time_since_epoch().count())));
}

// JSCalendar's ids of alerts: the alarm's own UID (RFC 9074), else its number in the component.
std::string alert_id(const AlarmTime& alarm) {
  std::string own(alarm.alarm->value("UID"));
  if (!own.empty() && own.size() <= kLongestPushUid && is_ascii(own)) return own;
  std::size_t number = 0;
  for (const lines::Component& one : alarm.component->components) {
    if (icalendar::kind_of(one) != icalendar::ComponentKind::alarm) continue;
    ++number;
    if (&one == alarm.alarm) break;
  }
  return std::to_string(number);
}

}  // namespace

std::string alarm_payload(AccountId account, const DueAlarm& due, const AlarmTime& alarm,
                          const lines::Component& calendar, const icalendar::ZoneDatabase& zones,
                          const icalendar::Zone& home) {
  const lines::Component& event = *alarm.component;
  const EventClock clock = clock_of(event, calendar, zones, home);
  const std::string title = icalendar::text(event, "SUMMARY"), said = icalendar::text(*alarm.alarm, "DESCRIPTION");
  json::object out;
  out["@type"] = kAlertType;
  out["accountId"] = std::to_string(account.value);
  out["calendarEventId"] = std::to_string(due.item.value);
  out["uid"] = shown(icalendar::uid(event), kLongestPushUid);
  out["recurrenceId"] = recurrence_id(alarm, clock);
  out["alertId"] = shown(alert_id(alarm), kLongestPushUid);
  out["at"] = utc_text(due.at);
  out["start"] = utc_text(alarm.start);
  out["end"] = utc_text(alarm.end);
  out["when"] = shown(itip::span_text(clock.at(alarm.start), clock.at(alarm.end)), kLongestPushUid);
  out["title"] = shown(title, kLongestTitle);
  if (const std::string place = shown(icalendar::text(event, "LOCATION"), kLongestPlace); !place.empty())
    out["location"] = place;
  if (!said.empty() && said != title) out["text"] = shown(said, kLongestSaid);
  return json::serialize(out);
}

std::string alarm_topic(const DueAlarm& due, const AlarmTime& alarm) {
  return to_hex(sha256(fmt::format("{} {}", due.item.value, alarm.start.time_since_epoch().count())).substr(0, 16));
}

}  // namespace kontor::groupware
