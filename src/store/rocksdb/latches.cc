// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/latches.h"

#include <algorithm>
#include <functional>

namespace kontor::store {

namespace {

std::uint64_t mix(std::uint64_t v) {
  v ^= v >> 33;
  v *= 0xff51'afd7'ed55'8ccdULL;
  v ^= v >> 33;
  return v;
}

std::uint64_t latch_of(Partition partition, std::string_view key) {
  return mix(partition.id) ^ std::hash<std::string_view>()(key);
}

}  // namespace

Latches::Hold Latches::take(Partition partition, const Batch& batch) {
  return Hold(stripes_[mix(partition.id) % stripes_.size()], partition, batch);
}

Latches::Hold::Hold(Stripe& stripe, Partition partition, const Batch& batch) : stripe_(stripe) {
  for (const auto& change : batch.changes())
    if (change.space == Space::records) writes_.push_back(latch_of(partition, change.key));
  for (const auto& expectation : batch.expectations()) expects_.push_back(latch_of(partition, expectation.key));

  std::unique_lock lock(stripe_.mutex);
  stripe_.given_back.wait(lock, [this] { return !must_wait(); });
  for (const std::uint64_t latch : writes_) ++stripe_.uses[latch].writers;
  for (const std::uint64_t latch : expects_) ++stripe_.uses[latch].expecters;
}

Latches::Hold::~Hold() {
  bool may_others_wait = false;
  {
    const std::lock_guard lock(stripe_.mutex);
    const auto give_back = [&](std::uint64_t latch, std::uint32_t Use::* kind) {
      const auto it = stripe_.uses.find(latch);
      --(it->second.*kind);
      if (it->second.writers == 0 && it->second.expecters == 0) stripe_.uses.erase(it);
    };
    for (const std::uint64_t latch : writes_) give_back(latch, &Use::writers);
    for (const std::uint64_t latch : expects_) give_back(latch, &Use::expecters);
    may_others_wait = !writes_.empty() || !expects_.empty();
  }
  if (may_others_wait) stripe_.given_back.notify_all();
}

bool Latches::Hold::must_wait() const {
  const auto use_of = [this](std::uint64_t latch) {
    const auto it = stripe_.uses.find(latch);
    return it == stripe_.uses.end() ? Use{} : it->second;
  };
  return std::any_of(writes_.begin(), writes_.end(), [&](auto latch) { return use_of(latch).expecters > 0; }) ||
         std::any_of(expects_.begin(), expects_.end(), [&](auto latch) { return use_of(latch).writers > 0; });
}

}  // namespace kontor::store
