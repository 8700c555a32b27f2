// SPDX-License-Identifier: AGPL-3.0-or-later
// Delivery into accounts: who gets a message, where it is filed, what the answer is. Used by LMTP and later by SMTP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "groupware/accounts.h"

namespace kontor::groupware {

enum class QuotaPolicy : std::uint8_t { defer, reject };  // over quota: a temporary or a permanent answer

class Delivery {
 public:
  Delivery(Accounts& accounts, directory::Directory& directory) : accounts_(accounts), directory_(directory) {}

  // Whether mail for the address can be taken now, and to which tenant the address belongs. Errors: not_found (no such
  // user), denied (not our domain), unavailable (suspended), over_quota (already full, or `size` bytes more would be).
  Result<TenantId> accepts(std::string_view address, std::uint64_t size) const;
  // The same where it can be said without blocking; else nothing.
  std::optional<Result<TenantId>> accepts_at_once(std::string_view address, std::uint64_t size) const;

  // Files the message durably in every account the address leads to (a group's members each once), into the inbox or,
  // for a sub-address "user+Folder", into that folder where the owner has one of this name and allows posting.
  // Over quota or unavailable for one member of a group does not fail the others; it fails only if nobody got it.
  // Errors: as accepts().
  Result<void> deliver(std::string_view address, const StagedContent& content) const;

 private:
  using OpenAccount = std::function<Result<std::shared_ptr<Account>>(AccountId)>;
  Result<TenantId> accepts(std::string_view address, std::uint64_t size, const OpenAccount& open) const;

  Accounts& accounts_;
  directory::Directory& directory_;
};

}  // namespace kontor::groupware
