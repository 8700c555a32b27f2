// SPDX-License-Identifier: AGPL-3.0-or-later
// CALDAV:default-alarm-* of homes and calendars, as Apple's clients keep them for all devices of a person
// (draft-daboo-valarm-extensions-04 section 8): groupware/calendar/default_alarms.h has what they mean here.
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

const Family& default_alarms_family();

}  // namespace kontor::dav
