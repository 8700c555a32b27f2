// SPDX-License-Identifier: AGPL-3.0-or-later
// The alarms that new events and tasks begin with, as Apple's clients keep them for all devices of a person
// (draft-daboo-valarm-extensions-04 section 8): CALDAV:default-alarm-* of the home and of calendars.
//
// They are kept and given back, not applied. Those clients put them into what they make themselves, and mark them
// there; another client's event without an alarm has none because its user wants none, and a PUT that comes back with
// other bytes costs every client another GET. RFC 9074, which the draft became, left them out.
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

const Family& default_alarms_family();

}  // namespace kontor::dav
