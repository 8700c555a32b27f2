// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the two sides of receive(), behind its checks.
#pragma once

#include "formats/itip/receive.h"

namespace kontor::itip {

// REQUEST, ADD, CANCEL, PUBLISH, DECLINECOUNTER.
Result<Received> from_organizer(const User& who, Method method, const Incoming& incoming, const Setting& setting);
// REPLY, COUNTER, REFRESH.
Result<Received> from_attendee(const User& who, Method method, const Incoming& incoming, const Setting& setting);

}  // namespace kontor::itip
