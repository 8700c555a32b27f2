// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/delivered.h"

#include "base/digest.h"

namespace kontor::transport {
namespace {

std::string delivered_key(const std::string& message, const std::string& recipient) {
  return sha256(message + recipient).substr(0, 16);
}

}  // namespace

bool DeliveredBefore::has(const std::string& message, const std::string& recipient) const {
  std::lock_guard lock(mutex_);
  return !known_.empty() && known_.contains(delivered_key(message, recipient));
}

void DeliveredBefore::add(const std::string& message, const std::string& recipient) {
  std::string key = delivered_key(message, recipient);
  std::lock_guard lock(mutex_);
  if (!known_.insert(key).second) return;
  by_age_.push_back(std::move(key));
  if (by_age_.size() <= kMost) return;
  known_.erase(by_age_.front());
  by_age_.pop_front();
}

}  // namespace kontor::transport
