// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/memory.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "store/batch_check.h"

namespace kontor::store {

namespace {

// Every key keeps its versions, oldest first, as long as a snapshot may need them.
struct Version {
  std::uint64_t commit;
  std::optional<std::string> value;  // nothing = erased
};
using Versions = std::vector<Version>;
using SpaceMap = std::map<std::string, Versions, std::less<>>;
using PartitionMap = std::map<Partition, SpaceMap>;

const std::string* value_at(const Versions& versions, std::uint64_t commit) {
  for (auto it = versions.rbegin(); it != versions.rend(); ++it)
    if (it->commit <= commit) return it->value ? &*it->value : nullptr;
  return nullptr;
}

constexpr std::uint64_t kLatest = ~std::uint64_t{0};

class MemoryEngine final : public Engine {
 public:
  Result<std::unique_ptr<Snapshot>> snapshot(Partition partition) override;
  Result<void> commit(Partition partition, const Batch& batch, Durability durability) override;
  Result<void> drop(Partition partition) override;
  Result<std::vector<Partition>> partitions() override;
  std::uint64_t disk_bytes() override { return 0; }

 private:
  friend class MemorySnapshot;

  SpaceMap& map_of(Partition partition, Space space) { return spaces_[static_cast<std::size_t>(space)][partition]; }
  const SpaceMap* find_map(Partition partition, Space space) const;
  void apply(SpaceMap& map, const std::string& key, std::optional<std::string> value);

  mutable std::shared_mutex mutex_;
  std::array<PartitionMap, 2> spaces_;
  std::uint64_t last_commit_ = 0;
  std::multiset<std::uint64_t> snapshots_;  // the commits that live snapshots look at
};

// Takes the lock for each step and hands out copies, so that `visit` may do anything but call this snapshot.
class MemorySnapshot final : public Snapshot {
 public:
  MemorySnapshot(MemoryEngine& engine, Partition partition, std::uint64_t commit)
      : engine_(engine), partition_(partition), commit_(commit) {}
  ~MemorySnapshot() override {
    std::unique_lock lock(engine_.mutex_);
    engine_.snapshots_.erase(engine_.snapshots_.find(commit_));
  }
  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  Result<std::optional<Value>> get(Key key, Space space) override {
    std::shared_lock lock(engine_.mutex_);
    const SpaceMap* map = engine_.find_map(partition_, space);
    if (map == nullptr) return std::nullopt;
    const auto it = map->find(key);
    const std::string* value = it == map->end() ? nullptr : value_at(it->second, commit_);
    if (value == nullptr) return std::nullopt;
    value_ = *value;
    return Value(value_);
  }

  Result<void> scan(Key first, Key last, const std::function<bool(Key, Value)>& visit, Space space) override {
    std::string from(first);
    bool is_inclusive = true;
    while (step(from, is_inclusive, last, space)) {
      if (!visit(key_, value_)) break;
      from = key_;
      is_inclusive = false;
    }
    return {};
  }

  Result<void> scan_back(Key first, Key last, const std::function<bool(Key, Value)>& visit, Space space) override {
    std::optional<std::string> below;
    if (!last.empty()) below = std::string(last);
    while (step_back(first, below, space)) {
      if (!visit(key_, value_)) break;
      below = key_;
    }
    return {};
  }

 private:
  // Finds the first living key from `from` on and copies it into key_ and value_.
  bool step(const std::string& from, bool is_inclusive, Key last, Space space) {
    std::shared_lock lock(engine_.mutex_);
    const SpaceMap* map = engine_.find_map(partition_, space);
    if (map == nullptr) return false;
    for (auto it = is_inclusive ? map->lower_bound(from) : map->upper_bound(from); it != map->end(); ++it) {
      if (!last.empty() && it->first >= last) return false;
      if (take(*it)) return true;
    }
    return false;
  }

  bool step_back(Key first, const std::optional<std::string>& below, Space space) {
    std::shared_lock lock(engine_.mutex_);
    const SpaceMap* map = engine_.find_map(partition_, space);
    if (map == nullptr) return false;
    auto it = below ? map->lower_bound(*below) : map->end();
    while (it != map->begin()) {
      --it;
      if (it->first < first) return false;
      if (take(*it)) return true;
    }
    return false;
  }

  bool take(const SpaceMap::value_type& entry) {
    const std::string* value = value_at(entry.second, commit_);
    if (value == nullptr) return false;
    key_ = entry.first;
    value_ = *value;
    return true;
  }

  MemoryEngine& engine_;
  Partition partition_;
  std::uint64_t commit_;
  std::string key_;
  std::string value_;
};

const SpaceMap* MemoryEngine::find_map(Partition partition, Space space) const {
  const auto& maps = spaces_[static_cast<std::size_t>(space)];
  const auto it = maps.find(partition);
  return it == maps.end() ? nullptr : &it->second;
}

void MemoryEngine::apply(SpaceMap& map, const std::string& key, std::optional<std::string> value) {
  const auto it = map.try_emplace(key).first;
  Versions& versions = it->second;
  // Of the versions that the oldest snapshot can see, only the newest is still of use.
  const std::uint64_t oldest = snapshots_.empty() ? last_commit_ : *snapshots_.begin();
  const auto seen = std::find_if(versions.begin(), versions.end(), [&](const Version& v) { return v.commit > oldest; });
  if (seen != versions.begin()) versions.erase(versions.begin(), seen - 1);
  if (!versions.empty() && versions.back().commit == last_commit_) versions.pop_back();
  versions.push_back({last_commit_, std::move(value)});
  const bool is_seen = versions.size() > 1 && !snapshots_.empty();
  if (!is_seen) versions.erase(versions.begin(), versions.end() - 1);
  if (!is_seen && !versions.back().value) map.erase(it);
}

Result<std::unique_ptr<Snapshot>> MemoryEngine::snapshot(Partition partition) {
  std::unique_lock lock(mutex_);
  snapshots_.insert(last_commit_);
  return std::make_unique<MemorySnapshot>(*this, partition, last_commit_);
}

Result<void> MemoryEngine::commit(Partition partition, const Batch& batch, Durability) {
  TRY_VOID(check_keys(batch));
  std::unique_lock lock(mutex_);
  const SpaceMap* records = find_map(partition, Space::records);
  for (const auto& expectation : batch.expectations()) {
    const std::string* value = nullptr;
    if (records != nullptr)
      if (const auto it = records->find(expectation.key); it != records->end()) value = value_at(it->second, kLatest);
    const bool holds = expectation.value ? value != nullptr && *value == *expectation.value : value == nullptr;
    if (!holds) return fail(Errc::conflict, "The data was changed by somebody else at the same time.");
  }
  ++last_commit_;
  for (const auto& change : batch.changes()) apply(map_of(partition, change.space), change.key, change.value);
  return {};
}

Result<void> MemoryEngine::drop(Partition partition) {
  std::unique_lock lock(mutex_);
  ++last_commit_;
  for (const Space space : {Space::records, Space::content}) {
    SpaceMap& map = map_of(partition, space);
    std::vector<std::string> keys;
    for (const auto& entry : map) keys.push_back(entry.first);
    for (const std::string& key : keys) apply(map, key, std::nullopt);
  }
  return {};
}

Result<std::vector<Partition>> MemoryEngine::partitions() {
  std::shared_lock lock(mutex_);
  std::vector<Partition> found;
  for (const auto& [partition, map] : spaces_[static_cast<std::size_t>(Space::records)]) {
    const auto lives = [](const auto& entry) { return value_at(entry.second, kLatest) != nullptr; };
    if (std::any_of(map.begin(), map.end(), lives)) found.push_back(partition);
  }
  return found;
}

}  // namespace

std::unique_ptr<Engine> open_memory() { return std::make_unique<MemoryEngine>(); }

}  // namespace kontor::store
