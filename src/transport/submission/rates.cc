// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/rates.h"

#include <algorithm>
#include <vector>

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/log.h"
#include "transport/receiving/partition.h"
#include "transport/receiving/receiving_generated.h"

namespace kontor::transport {
namespace {

std::string credits_of(char kind) { return std::string("C") + kind; }

}  // namespace

HourlyRates::HourlyRates(std::uint32_t per_hour, store::Engine* engine, char kind, Instant now)
    : per_hour_(per_hour), engine_(engine), kind_(kind) {
  if (!engine_ || per_hour_ == 0) return;
  if (auto read = load(now); !read) log::warn("submission.credits", {{"why", read.error().text}});
}

// What has come back wholly meanwhile, or cannot be read, goes.
Result<void> HourlyRates::load(Instant now) {
  store::Batch old;
  {
    TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->snapshot(kReceivingPartition));
    const std::string first = credits_of(kind_), last = credits_of(static_cast<char>(kind_ + 1));
    TRY_VOID(snapshot->scan(first, last, [&](store::Key key, store::Value value) {
      const Aligned aligned(value);
      flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.view().data()),
                                     aligned.view().size());
      const bool is_sound = key.size() == first.size() + 8 && verifier.VerifyBuffer<fb::Credit>(nullptr);
      if (is_sound) {
        const auto* table = flatbuffers::GetRoot<fb::Credit>(aligned.view().data());
        const std::uint64_t id = read_be64(key.substr(first.size()));
        credits_[id] = {table->left(), std::min(Instant(std::chrono::seconds(table->at())), now)};
        if (credit(id, now) < per_hour_) return true;
        credits_.erase(id);
      }
      old.erase(std::string(key));
      return true;
    }));
  }
  return old.empty() ? Result<void>() : engine_->commit(kReceivingPartition, old, store::Durability::lazy);
}

void HourlyRates::keep(std::uint64_t key, const Credit& credit) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateCredit(builder, credit.left, credit.at.time_since_epoch().count()));
  std::string name = credits_of(kind_);
  append_be64(name, key);
  store::Batch batch;
  batch.put(std::move(name), {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
  // The message that it is for needs the same store, and says so itself if that fails.
  (void)engine_->commit(kReceivingPartition, batch, store::Durability::lazy);
}

double HourlyRates::credit(std::uint64_t key, Instant now) const {
  auto found = credits_.find(key);
  if (found == credits_.end()) return per_hour_;
  const auto passed = static_cast<double>(std::max<std::int64_t>((now - found->second.at).count(), 0));
  return std::min<double>(per_hour_, found->second.left + passed * per_hour_ / 3600);
}

bool HourlyRates::has(std::uint64_t key, std::uint32_t amount, Instant now) const {
  std::lock_guard lock(mutex_);
  return per_hour_ == 0 || credit(key, now) >= amount;
}

bool HourlyRates::take(std::uint64_t key, std::uint32_t amount, Instant now) {
  if (per_hour_ == 0) return true;
  std::lock_guard lock(mutex_);
  const double left = credit(key, now);
  if (left < amount) return false;
  if (credits_.size() >= kMostKeys)
    std::erase_if(credits_, [&](const auto& one) { return credit(one.first, now) >= per_hour_; });
  const Credit& kept = credits_[key] = {left - amount, now};
  if (engine_) keep(key, kept);
  return true;
}

}  // namespace kontor::transport
