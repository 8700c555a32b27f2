// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/running.h"

namespace kontor::importing {

Result<std::unique_ptr<RunningImports::Ticket>> RunningImports::begin(AccountId account) {
  {
    const std::lock_guard lock(mutex_);
    if (tickets_ >= limit_) return fail(Errc::unavailable, "too many imports are running: come again later");
    shown_.set(static_cast<double>(++tickets_));
  }
  auto ticket = std::make_unique<Ticket>(*this);
  if (account) TRY_VOID(ticket->claim(account));
  return ticket;
}

RunningImports::Ticket::~Ticket() {
  const std::lock_guard lock(running_.mutex_);
  if (account_) running_.accounts_.erase(account_);
  running_.shown_.set(static_cast<double>(--running_.tickets_));
}

Result<void> RunningImports::Ticket::claim(AccountId account) {
  const std::lock_guard lock(running_.mutex_);
  if (account == account_) return {};
  if (!running_.accounts_.insert(account).second)
    return fail(Errc::conflict, "another import into this account is running");
  if (account_) running_.accounts_.erase(account_);
  account_ = account;
  return {};
}

}  // namespace kontor::importing
