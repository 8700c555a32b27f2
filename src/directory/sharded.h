// SPDX-License-Identifier: AGPL-3.0-or-later
// A hash map that is cheap to copy: 256 shards, of which a copy shares all and clones those that it changes. So the
// directory's next copy costs what the change touches, not what the directory holds.
#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kontor::directory {

// Strings are found by string_view, without making one.
struct ShardHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  template <class T>
  std::size_t operator()(const T& key) const
    requires requires { key.value; }
  {
    // The identity hash of an id would put all into few shards only if ids had holes; mixing costs nothing.
    return static_cast<std::size_t>(key.value * 0x9e37'79b9'7f4a'7c15ULL);
  }
};

// Thread-safe while const. Once copied from, an object must not be changed any more: its shards are then shared.
template <class Key, class Value>
class Sharded {
 public:
  using Shard = std::unordered_map<Key, Value, ShardHash, std::equal_to<>>;

  Sharded() = default;
  Sharded(const Sharded& other) : shards_(other.shards_), size_(other.size_) {}
  Sharded(Sharded&&) = default;
  Sharded& operator=(const Sharded&) = delete;
  Sharded& operator=(Sharded&&) = default;

  // Null if absent.
  template <class K>
  const Value* find(const K& key) const {
    const auto& shard = shards_[index(key)];
    if (!shard) return nullptr;
    auto it = shard->find(key);
    return it == shard->end() ? nullptr : &it->second;
  }

  std::size_t size() const { return size_; }

  // In no order.
  template <class Visit>
  void each(const Visit& visit) const {
    for (const auto& shard : shards_)
      if (shard)
        for (const auto& [key, value] : *shard) visit(key, value);
  }

  void set(const Key& key, Value value) {
    Shard& shard = own(index(key));
    std::size_t before = shard.size();
    shard.insert_or_assign(key, std::move(value));
    size_ += shard.size() - before;
  }

  void erase(const Key& key) {
    if (find(key) != nullptr) size_ -= own(index(key)).erase(key);
  }

 private:
  static constexpr std::size_t kShards = 256;

  template <class K>
  static std::size_t index(const K& key) {
    return ShardHash()(key) >> 56;
  }

  Shard& own(std::size_t i) {
    if (!owned_[i]) {
      shards_[i] = shards_[i] ? std::make_shared<Shard>(*shards_[i]) : std::make_shared<Shard>();
      owned_.set(i);
    }
    return *shards_[i];
  }

  std::array<std::shared_ptr<Shard>, kShards> shards_;
  std::bitset<kShards> owned_;  // made by this object, so seen by no other
  std::size_t size_ = 0;
};

}  // namespace kontor::directory
