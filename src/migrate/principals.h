// SPDX-License-Identifier: AGPL-3.0-or-later
// Who there is at the source, made at the target before accounts go there.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/settings.h"
#include "migrate/mapping.h"
#include "migrate/pacing.h"
#include "migrate/report.h"
#include "migrate/source.h"
#include "migrate/target.h"

namespace kontor::migrate {

// Everyone at the source, by the target's addresses. Errors: what the source returns.
Result<std::vector<archive::Principal>> mapped_principals(Source& source, const Mapping& mapping);

// Sends them. Those with accounts that are not among `chosen` are made inactive in any case. The report's row says what
// became of them. Errors: as Target::send().
Result<FolderReport> send_principals(const std::vector<archive::Principal>& principals,
                                     const std::set<std::string>& chosen, const TargetOptions& options,
                                     Bandwidth& bandwidth, Stop& stop);

// A row of its own in the run's report: users, groups and resources.
AccountReport report_of_principals(Result<FolderReport> sent);

}  // namespace kontor::migrate
