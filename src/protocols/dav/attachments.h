// SPDX-License-Identifier: AGPL-3.0-or-later
// Managed attachments (RFC 8607): POST to an event, task or note with an action, and what the answers' URIs lead to,
// /dav/attachments/<id>/<name>. The bytes are the core's (groupware/calendar/attachments.h).
#pragma once

#include "protocols/dav/family.h"
#include "protocols/dav/path.h"

namespace kontor::dav {

// Errors: 404 (there is none, or none that this caller may read).
Outcome<Resource> find_attachment(Context& context, const Path& path);

const Family& attachments_family();

}  // namespace kontor::dav
