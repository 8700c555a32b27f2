// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what MAPI's numbers say of an event, as properties of a VEVENT.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/lines/component.h"

namespace kontor::mapi {

// PidLidBusyStatus: 0 free, 1 tentative, 2 busy, 3 out of office, 4 working elsewhere.
void set_busy_status(std::int64_t status, lines::Component& event);

// STATUS, of PidLidBusyStatus and PidLidAppointmentStateFlags (1 a meeting, 2 received, 4 cancelled). Without either it
// stays what it is.
void set_event_status(std::optional<std::int64_t> busy, std::int64_t state, lines::Component& event);

// PidLidAppointmentColor ([MS-OXOCAL] section 2.2.1.50) as COLOR of RFC 7986 section 5.9, which wants names of CSS.
void set_label_color(std::int64_t label, lines::Component& event);

// A reminder so many minutes before the start, as a VALARM.
lines::Component reminder_alarm(std::uint32_t minutes);

}  // namespace kontor::mapi
