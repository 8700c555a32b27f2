// SPDX-License-Identifier: AGPL-3.0-or-later
// What devices are told of an alarm. Pure.
#pragma once

#include <string>

#include "formats/icalendar/zones.h"
#include "groupware/accounts.h"
#include "groupware/calendar/alarms.h"

namespace kontor::groupware {

// A CalendarAlert as in JMAP for calendars (accountId, calendarEventId, uid, recurrenceId, alertId), and what a device
// needs to show it: title, text, location, start, end, when. JSON of at most kLargestPushPayload bytes; long texts are
// cut. `calendar` is the one that the alarm is of.
std::string alarm_payload(AccountId account, const DueAlarm& due, const AlarmTime& alarm,
                          const lines::Component& calendar, const icalendar::ZoneDatabase& zones,
                          const icalendar::Zone& home);

// Alarms of the same instance replace each other where they were not fetched yet.
std::string alarm_topic(const DueAlarm& due, const AlarmTime& alarm);

}  // namespace kontor::groupware
