// SPDX-License-Identifier: AGPL-3.0-or-later
// Works through many accounts at once: threads, retries, window, progress, and the report.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/pass.h"
#include "migrate/progress.h"
#include "migrate/report.h"
#include "migrate/source.h"

namespace kontor::migrate {

struct RunOptions {
  PassOptions pass;
  std::size_t concurrency = 4;   // accounts at once
  std::size_t connections = 0;   // to the source at once; 0 = as many as accounts
  std::uint64_t bandwidth = 0;   // bytes per second of all together; 0 = no limit
  std::optional<Window> window;  // works only then; waits otherwise
  int attempts = 10;             // of an account in a row without any progress
  Showing showing;
};

// The mapping, which may name an account by its login, with that account's address at the source besides: rights,
// groups and senders name people by address alone. Errors: what the source returns.
Result<Mapping> complete_mapping(Source& source, Mapping mapping);

// The source's accounts with their target addresses, as chosen by any of their names (selection.h). Errors: what the
// source returns, not_found (an account of `only` that is not there), invalid (two go to the same address).
Result<std::vector<SourceAccount>> chosen_accounts(Source& source, const Mapping& mapping,
                                                   const std::vector<std::string>& only);

// One pass over every account. `stop` ends it early; what was sent stays. Never fails as a whole: see the report.
RunReport run_migration(Source& source, const std::vector<SourceAccount>& accounts, const RunOptions& options,
                        Stop& stop);

// Runs `work` for each account on `concurrency` threads; shows progress meanwhile. For runs and verifications.
// `connections`: to the source, of all together; 0 = as many as threads.
using AccountWork = std::function<void(const SourceAccount&, AccountReport&, Progress&, Connections&)>;
void for_each_account(const std::vector<SourceAccount>& accounts, std::size_t concurrency, std::size_t connections,
                      const Showing& showing, RunReport& report, const AccountWork& work);

// The name that the ledger keeps this mail under: of the source, and of the login where it has several.
std::string ledger_name(const Source& source, const SourceAccount& account);

// All that selects it.
std::vector<std::string> names_of(const SourceAccount& account);

std::string now_text();  // RFC 3339, UTC

}  // namespace kontor::migrate
