// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/hold.h"

namespace kontor::groupware {

bool is_held(const directory::Directory& directory, AccountId account) {
  const auto who = directory.by_account(account);
  if (!who) return false;
  if (!who->holds.empty()) return true;
  const auto tenant = directory.tenant(who->tenant);
  return tenant && !tenant->holds.empty();
}

Result<HeldItems> count_held(const Reader& reader) {
  HeldItems out;
  TRY_VOID(reader.removed_items(Instant(), Instant::max(), [&](const RemovedItem& one) {
    out.items += 1;
    out.bytes += one.item.size;
    return true;
  }));
  return out;
}

}  // namespace kontor::groupware
