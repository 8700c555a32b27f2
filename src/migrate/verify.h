// SPDX-License-Identifier: AGPL-3.0-or-later
// Compares the source with the target, item by item: what is there, UIDs, flags, keywords, dates, sizes, and the
// SHA-256 of the content as both sides read it just now; and rights, rules and the other settings, one by one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/engine.h"

namespace kontor::migrate {

struct VerifyOptions {
  TargetOptions target;
  const Mapping* mapping = nullptr;
  std::size_t concurrency = 4;  // accounts at once
  std::size_t connections = 0;  // as RunOptions::connections
  bool read_content = true;     // false: compares what both sides say of their items, and no content
  Showing showing;
};

// Counted as differences: items that are missing, too many, or not the same. What its user changed at the target since
// (flags, moves, removals) differs too: verify before the account goes live.
RunReport verify_migration(Source& source, const std::vector<SourceAccount>& accounts, const VerifyOptions& options,
                           Stop& stop);

// What a run would have to do: counts folders, items and bytes at the source and looks at the target's users and
// quotas. Changes nothing.
RunReport plan_migration(Source& source, const std::vector<SourceAccount>& accounts, const VerifyOptions& options,
                         Stop& stop);

}  // namespace kontor::migrate
