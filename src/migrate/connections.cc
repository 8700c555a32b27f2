// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/connections.h"

#include <algorithm>

namespace kontor::migrate {

bool Connections::take(std::size_t has) {
  const std::lock_guard lock(mutex_);
  const std::size_t working = std::min(at_once_, left_);
  const std::size_t spare = most_ - std::min(most_, working);
  const std::size_t share = (spare + std::max<std::size_t>(working, 1) - 1) / std::max<std::size_t>(working, 1);
  if (lent_ >= spare || has >= share) return false;
  ++lent_;
  return true;
}

void Connections::give_back() {
  const std::lock_guard lock(mutex_);
  --lent_;
}

void Connections::account_ended() {
  const std::lock_guard lock(mutex_);
  left_ -= std::min<std::size_t>(left_, 1);
}

}  // namespace kontor::migrate
