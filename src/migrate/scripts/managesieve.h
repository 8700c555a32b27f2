// SPDX-License-Identifier: AGPL-3.0-or-later
// Sieve scripts from a ManageSieve server (RFC 5804). Nothing there is changed.
#pragma once

#include <vector>

#include "base/result.h"
#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// Logs in by SASL PLAIN, as for IMAP (also as a master user), with TLS unless the source's is "none". Errors: denied
// (login, certificate), unavailable.
Result<std::vector<SourceScript>> read_managesieve(const SourceOptions& options, const SourceUser& user);

}  // namespace kontor::migrate
