// SPDX-License-Identifier: AGPL-3.0-or-later
// URLs of a DAV source, and who logs in there.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// "https://host" with the port if it is not the usual one; of the server's name where that is another than the host.
std::string dav_origin(const SourceOptions& options);

// Whether who logs in at `origin` may do so at that URL, too. Redirects and what servers write lead there: in the clear
// only to the origin itself, over TLS also to other hosts of its domain, over which providers spread their users.
bool may_log_in_at(const std::string& origin, const std::string& url);

// A master user by authzid logs in as itself: whose data it reads, the path says.
struct DavLogin {
  std::string name, password;
  std::string token;  // instead of them
};
DavLogin dav_login(const SourceUser& user, const SourceOptions& options);

}  // namespace kontor::migrate
