// SPDX-License-Identifier: AGPL-3.0-or-later
// The filters of `filters.delivery` on a message's way into one account.
#pragma once

#include <string_view>

#include "groupware/accounts.h"
#include "groupware/delivery_hook.h"
#include "groupware/rules/filter.h"
#include "groupware/rules/outbox.h"
#include "transport/filtering/filter_gate.h"

namespace kontor::transport {

// Thread-safe. All of them must outlive it.
class DeliveryPlugins final : public groupware::DeliveryHook {
 public:
  DeliveryPlugins(const FilterGate& gate, groupware::Accounts& accounts, const directory::Directory& directory,
                  groupware::Outbox& outbox)
      : gate_(gate), accounts_(accounts), directory_(directory), outbox_(outbox) {}

  Result<groupware::HookAnswer> ask(const directory::Principal& who, const groupware::Incoming& incoming) override;

 private:
  // The message's body behind `head`.
  Result<groupware::StagedContent> stage(TenantId tenant, std::string_view head, const FilterMessage& message);

  const FilterGate& gate_;
  groupware::Accounts& accounts_;
  const directory::Directory& directory_;
  groupware::Outbox& outbox_;
};

}  // namespace kontor::transport
