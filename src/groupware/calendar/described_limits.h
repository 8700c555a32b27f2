// SPDX-License-Identifier: AGPL-3.0-or-later
// How much there may be in an item of a calendar or an address book that is looked at.
#pragma once

#include "formats/lines/reader.h"
#include "groupware/calendar/facts.h"

namespace kontor::groupware {

constexpr lines::Limits kDescribedLimits{.bytes = kLargestDescribed,
                                         .depth = 8,
                                         .components = 10'000,
                                         .properties = 200'000,
                                         .parameters = 500,
                                         .parts = 500'000};

}  // namespace kontor::groupware
