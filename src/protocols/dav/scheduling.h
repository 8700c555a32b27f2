// SPDX-License-Identifier: AGPL-3.0-or-later
// Scheduling over CalDAV (RFC 6638): what a PUT or DELETE sends, Schedule-Tag, the inbox and outbox of a calendar home,
// and questions for free/busy.
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

const Family& scheduling_family();

// If-Schedule-Tag-Match (RFC 6638 section 8.3): whether the request has it. Errors: 412.
Outcome<bool> check_schedule_tag(Context& context, const Resource& resource);

}  // namespace kontor::dav
