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

std::uint16_t latch_of(std::uint64_t partition, std::string_view key) {
  return static_cast<std::uint16_t>((partition ^ std::hash<std::string_view>()(key)) % Latches::kLatches);
}

}  // namespace

Latches::Hold Latches::take(Partition partition, const Batch& batch) {
  return Hold(stripes_[mix(partition.id) % stripes_.size()], partition, batch);
}

Latches::Hold::Hold(Stripe& stripe, Partition partition, const Batch& batch) : stripe_(stripe) {
  const std::uint64_t seed = mix(~partition.id);
  writes_.reserve(batch.changes().size());
  for (const auto& change : batch.changes())
    if (change.space == Space::records) writes_.push_back(latch_of(seed, change.key));
  for (const auto& expectation : batch.expectations()) expects_.push_back(latch_of(seed, expectation.key));

  std::unique_lock lock(stripe_.mutex);
  while (must_wait()) {
    ++stripe_.waiting;
    stripe_.given_back.wait(lock);
    --stripe_.waiting;
  }
  for (const std::uint16_t latch : writes_) ++stripe_.uses[latch].writers;
  for (const std::uint16_t latch : expects_) ++stripe_.uses[latch].expecters;
}

Latches::Hold::~Hold() {
  bool may_others_go_on = false;
  {
    const std::lock_guard lock(stripe_.mutex);
    for (const std::uint16_t latch : writes_) --stripe_.uses[latch].writers;
    for (const std::uint16_t latch : expects_) --stripe_.uses[latch].expecters;
    may_others_go_on = stripe_.waiting != 0;
  }
  if (may_others_go_on) stripe_.given_back.notify_all();
}

bool Latches::Hold::must_wait() const {
  const auto& uses = stripe_.uses;
  return std::any_of(writes_.begin(), writes_.end(), [&](auto latch) { return uses[latch].expecters > 0; }) ||
         std::any_of(expects_.begin(), expects_.end(), [&](auto latch) { return uses[latch].writers > 0; });
}

}  // namespace kontor::store
