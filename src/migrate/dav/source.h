// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars, contacts and files of a server of CalDAV, CardDAV or WebDAV. Nothing is written there.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// options.kind: caldav, carddav or webdav. Errors: invalid (what is missing or contradictory).
Result<std::unique_ptr<Source>> open_dav_source(const SourceOptions& options);

}  // namespace kontor::migrate
