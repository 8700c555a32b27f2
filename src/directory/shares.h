// SPDX-License-Identifier: AGPL-3.0-or-later
// Who shares with whom: notes by which the folders that others share with somebody are found without opening every
// account of the tenant. The rights themselves stand on the folders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/id.h"

namespace kontor::directory {

// That an account has folders which the principal may see.
struct Share {
  PrincipalId with;         // 0 = everyone in the tenant
  std::uint32_t kinds = 0;  // of these folders: a bit each, as the core counts its kinds; never 0

  bool operator==(const Share&) const = default;
};

// Ordered by principal, each once.
using Shares = std::vector<Share>;

inline void add_share(Shares& shares, Share share) {
  auto at = std::ranges::lower_bound(shares, share.with, {}, &Share::with);
  if (at != shares.end() && at->with == share.with)
    at->kinds |= share.kinds;
  else
    shares.insert(at, share);
}

// Whether `shares` names everything that `others` does.
inline bool covers(const Shares& shares, const Shares& others) {
  return std::ranges::all_of(others, [&](const Share& other) {
    auto at = std::ranges::lower_bound(shares, other.with, {}, &Share::with);
    return at != shares.end() && at->with == other.with && (at->kinds & other.kinds) == other.kinds;
  });
}

}  // namespace kontor::directory
