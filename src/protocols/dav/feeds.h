// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars whose items come from elsewhere, as Apple's clients subscribe to them: a collection of type CS:subscribed
// with CS:source; the core fetches it (groupware/calendar/feeds.h).
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

constexpr xml::NameView kSubscribedType{wire::dav::kCalendarServer, "subscribed"};
constexpr xml::NameView kFeedSource{wire::dav::kCalendarServer, "source"};

const Family& feeds_family();

}  // namespace kontor::dav
