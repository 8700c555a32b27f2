// SPDX-License-Identifier: AGPL-3.0-or-later
// Which collections a login has at a DAV server: RFC 6764, RFC 5397, RFC 4791 section 6.2.1, RFC 6352 section 7.1.1.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/dav/client.h"
#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// A calendar, an address book or a directory of files.
struct DavCollection {
  SourceFolder folder;     // its key: the collection's decoded path; of files: below the first, which is "."
  std::string url;         // ends in "/"
  bool can_sync = false;   // sync-collection (RFC 6578)
  std::string change_tag;  // CS:getctag: another one whenever something in it changed; empty if there is none
};

// Calendars or address books of the login (by options.kind). Where `options.path` leads to one, only that. Inboxes,
// outboxes and what belongs to others are left out: they move with their owners. Errors: those of DavClient::run(), and
// not_found (there are none).
Result<std::vector<DavCollection>> find_collections(DavClient& client, const SourceOptions& options,
                                                    const std::string& login);

// The directories of files at options.path and below.
Result<std::vector<DavCollection>> find_directories(DavClient& client, const SourceOptions& options,
                                                    const std::string& login);

}  // namespace kontor::migrate
