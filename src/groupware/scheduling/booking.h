// SPDX-License-Identifier: AGPL-3.0-or-later
// What a room or a piece of equipment answers to who wants it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "directory/principal.h"
#include "formats/icalendar/zones.h"
#include "formats/itip/instances.h"

namespace kontor::groupware {

struct TakenSpan {
  Instant from, to;
};
// When the resource is taken by others, overlapping [from, to).
using TakenSpans = std::function<Result<std::vector<TakenSpan>>(Instant from, Instant to)>;

struct BookingAnswer {
  std::string status;  // PARTSTAT: ACCEPTED, DECLINED, or TENTATIVE where somebody must approve
  // For who asks: why not, or when not; empty where all of it is accepted.
  std::string why;
  // Instances of a series that it is accepted but for.
  std::vector<icalendar::When> declined;
  bool asks_approver = false;
};

// `request`: a VCALENDAR of one UID. Looks no further ahead than two years: what goes on longer must have an end where
// the policy has a window, and is judged by what is looked at. What takes place more than 1000 times in them is
// declined. Errors: as of `taken`, but for too_large, which declines, too; invalid.
Result<BookingAnswer> answer_booking(const directory::BookingPolicy& policy, const itip::Component& request,
                                     const TakenSpans& taken, const icalendar::ZoneDatabase& zones, Instant now);

}  // namespace kontor::groupware
