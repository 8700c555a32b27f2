// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/janitor.h"

#include "base/log.h"

namespace kontor::groupware {

void Janitor::stop() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Janitor::add(AccountId account) {
  {
    std::lock_guard lock(mutex_);
    if (is_ending_ || !waiting_.insert(account).second) return;
    queue_.push_back(account);
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  changed_.notify_all();
}

void Janitor::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_ending_ || (queue_.empty() && !is_working_); });
}

void Janitor::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return is_ending_ || !queue_.empty(); });
    if (is_ending_) return;
    const AccountId account = queue_.front();
    queue_.pop_front();
    waiting_.erase(account);  // what comes from now on may need another turn
    is_working_ = true;
    lock.unlock();
    Result<bool> more = false;
    try {
      more = slice_(account);
    } catch (const std::exception& e) {
      more = fail(Errc::corrupt, e.what());
    }
    if (!more && more.error().code != Errc::not_found)
      log::error("account.tidying_failed", {{"account", account.value}, {"why", more.error().text}});
    lock.lock();
    is_working_ = false;
    if (more && *more && waiting_.insert(account).second) queue_.push_back(account);
    changed_.notify_all();
  }
}

}  // namespace kontor::groupware
