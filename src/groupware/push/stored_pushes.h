// SPDX-License-Identifier: AGPL-3.0-or-later
// Subscriptions and messages as records of the accounts. For this room only.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "groupware/environment.h"
#include "groupware/push/push.h"
#include "groupware/stored_account.h"

namespace kontor::groupware {

class StoredPushes final : public PushStore {
 public:
  using Open = std::function<Result<std::shared_ptr<StoredAccount>>(AccountId)>;
  // `environment` must outlive it.
  StoredPushes(Environment& environment, Open open) : environment_(environment), open_(std::move(open)) {}

  Result<std::vector<PushSubscription>> subscriptions(AccountId account) override;
  Result<PushSubscription> subscribe(AccountId account, const NewPushSubscription& wanted) override;
  Result<PushSubscription> change(AccountId account, const std::string& id, const PushChange& change) override;
  Result<void> unsubscribe(AccountId account, const std::string& id) override;
  Result<std::vector<DuePush>> due(AccountId account, Instant until, std::size_t limit) override;
  Result<std::optional<Instant>> next(AccountId account) override;
  Result<void> put(AccountId account, const std::vector<PushMessage>& messages) override;
  Result<void> settle(AccountId account, const DuePush& push, std::optional<Instant> again) override;
  void on_push(std::function<void(AccountId, Instant)> notify) override;

  void tell(AccountId account, Instant at);

 private:
  using Subscriptions = std::vector<PushSubscription>;
  // Changes the account's subscriptions in a durable commit; those that are over go.
  Result<void> edit(AccountId account, const std::function<Result<void>(AccountTransaction&, Subscriptions&)>& change);
  bool admit(AccountId account);  // one more verification in this hour

  Environment& environment_;
  const Open open_;
  std::mutex mutex_;
  std::function<void(AccountId, Instant)> notify_;
  Instant hour_{};
  std::map<AccountId, std::uint32_t> in_this_hour_;
};

// Whether there is any device that may be told of something.
Result<bool> has_live_devices(store::Snapshot& snapshot, Instant now);
// To be told at once. What is more than an account may have waiting is dropped.
Result<void> put_pushes(AccountTransaction& transaction, const std::vector<PushMessage>& messages, Instant now);

}  // namespace kontor::groupware
