// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the two sides of plan_change().
#pragma once

#include "formats/itip/plan.h"

namespace kontor::itip {

Result<Plan> plan_organizer(const User& who, const Change& change, const Setting& setting);
Result<Plan> plan_attendee(const User& who, const Change& change, const Setting& setting);

}  // namespace kontor::itip
