// SPDX-License-Identifier: AGPL-3.0-or-later
// Bringing removed items back, or letting them go before their time: found by when, where and what they were.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "groupware/account.h"

namespace kontor::groupware {

// What fits every word that is given.
struct RecoveryFilter {
  Instant since{};                        // removed then or later
  Instant until = Instant::max();         // ... and before
  std::optional<FolderId> folder;         // the last one it was in; FolderId() = one that is gone, or not known
  std::string subject, sender;            // parts of the decoded texts, whatever their case; empty = any
  bool has_versions = false;              // earlier contents of items as well
  std::optional<std::set<ItemId>> items;  // these
};

struct Recoverable {
  RemovedItem removed;
  std::string subject, sender;  // decoded, as people read them; of other items than mail their name
};

// In the order of removal, until `visit` returns false. Errors: denied, unavailable, corrupt.
Result<void> find_recoverable(const Reader& reader, const RecoveryFilter& filter,
                              const std::function<bool(const Recoverable&)>& visit);

// The name of the folder that is made for items whose own folder is gone.
constexpr const char* kRecoveredFolder = "Recovered";

struct Recovered {
  std::uint64_t items = 0;
  std::uint64_t elsewhere = 0;  // of them, into kRecoveredFolder
};
// Brings items back into the folders they were in, or all into `into`. In slices: what was brought before an error
// stays, and an item that is not removed any more is passed over. Errors: over_quota, denied, invalid (`into` is a
// container), unavailable.
Result<Recovered> restore_items(Account& account, const Caller& caller, const std::vector<ItemId>& items,
                                std::optional<FolderId> into);

// How many went for good.
Result<std::uint64_t> purge_items(Account& account, const Caller& caller, const std::vector<ItemId>& items);

}  // namespace kontor::groupware
