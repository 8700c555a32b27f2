// SPDX-License-Identifier: AGPL-3.0-or-later
// What an alarm by e-mail says, and to whom (RFC 5545 section 3.6.6). Pure.
#pragma once

#include <string>
#include <vector>

#include "directory/directory.h"
#include "formats/icalendar/zones.h"
#include "groupware/calendar/alarms.h"

namespace kontor::groupware {

struct AlarmText {
  std::string subject, text;  // UTF-8; lines end with "\n"
};

// `calendar` is the one that the alarm is of: it may bring zones of its own. Times are told in the zone of the event.
AlarmText alarm_text(const AlarmTime& alarm, const lines::Component& calendar, const icalendar::ZoneDatabase& zones,
                     const icalendar::Zone& home);

// The alarm's ATTENDEEs, as far as they are addresses of the owner or of people and shared mailboxes of his tenant:
// whoever can write into a calendar, or publishes one, cannot make its owner write to the world. None of them: the
// owner. At most 20.
std::vector<std::string> alarm_recipients(const lines::Component& alarm, const directory::Principal& owner,
                                          const directory::Directory& directory);

}  // namespace kontor::groupware
