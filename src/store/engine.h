// SPDX-License-Identifier: AGPL-3.0-or-later
// What every engine (RocksDB, in-memory; later MariaDB) gives, and nothing more: ordered keys inside partitions, atomic
// durable commits with expectations, snapshots.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace kontor::store {

// The unit of atomicity, locking and placement: one account, the directory, one tenant's blobs, the queue. Every key
// lives in exactly one partition; no commit spans two.
struct Partition {
  explicit constexpr Partition(std::uint64_t v) : id(v) {}
  auto operator<=>(const Partition&) const = default;

  std::uint64_t id;
};

// The first byte of a partition's id says what it holds.
constexpr Partition kDirectoryPartition{0x0100'0000'0000'0001};
constexpr Partition account_partition(AccountId id) { return Partition(0x0200'0000'0000'0000 | id.value); }
constexpr Partition blob_partition(TenantId id) { return Partition(0x0300'0000'0000'0000 | id.value); }
constexpr Partition kQueuePartition{0x0400'0000'0000'0001};

// Records are small and often read in ranges; content is large, read by key and compressed. Both are ordered.
enum class Space : std::uint8_t { records, content };

constexpr std::size_t kMaxKey = 512;

using Key = std::string_view;    // ordered bytes, 1 to kMaxKey; built by the key functions of the room that owns them
using Value = std::string_view;  // one FlatBuffers table, or content

// A consistent view of one partition: everything read through it is of one moment. Cheap to make, short-lived, never
// held across a co_await. One thread at a time. Must not outlive its engine.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // The value, or nothing if the key is absent. The view lives until the next call on this snapshot.
  // Errors: unavailable, corrupt.
  virtual Result<std::optional<Value>> get(Key key, Space space = Space::records) = 0;

  // Visits the keys of [first, last) in ascending order until `visit` returns false. Views live for that one visit;
  // `visit` must not call this snapshot. An empty `last` means the partition's end. Errors: unavailable, corrupt.
  virtual Result<void> scan(Key first, Key last, const std::function<bool(Key, Value)>& visit,
                            Space space = Space::records) = 0;

  // The same in descending order, from just below `last` down to `first`.
  virtual Result<void> scan_back(Key first, Key last, const std::function<bool(Key, Value)>& visit,
                                 Space space = Space::records) = 0;
};

// What one commit does. The order of puts and erases of different keys does not matter; of one key, the last one wins.
class Batch {
 public:
  struct Change {
    Space space;
    std::string key;
    std::optional<std::string> value;  // nothing = erase
  };
  struct Expectation {
    std::string key;
    std::optional<std::string> value;  // nothing = must be absent
  };

  void put(std::string key, std::string value, Space space = Space::records) {
    changes_.push_back({space, std::move(key), std::move(value)});
  }
  void erase(std::string key, Space space = Space::records) {
    changes_.push_back({space, std::move(key), std::nullopt});
  }
  // The commit happens only if the record `key` still has exactly this value (or is still absent).
  void expect(std::string key, std::optional<std::string> value) {
    expectations_.push_back({std::move(key), std::move(value)});
  }

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Expectation>& expectations() const { return expectations_; }
  bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
  std::vector<Expectation> expectations_;
};

// lazy: atomic and ordered before every later commit of this process, but on disk only with the next durable one.
enum class Durability : std::uint8_t { durable, lazy };

class Engine {
 public:
  virtual ~Engine() = default;

  // Errors: unavailable.
  virtual Result<std::unique_ptr<Snapshot>> snapshot(Partition partition) = 0;

  // Atomic, and (unless lazy) durable once it returns: a power cut afterwards loses nothing. Concurrent commits share
  // one sync to disk. Errors: conflict (an expectation failed; nothing was written: read again and retry), unavailable
  // (the engine cannot be reached or the disk is full; nothing was written, later commits may succeed), invalid (a key
  // is empty or too long), corrupt. Thread-safe. Blocks: call it from a worker.
  virtual Result<void> commit(Partition partition, const Batch& batch, Durability durability = Durability::durable) = 0;

  // Removes a whole partition, both spaces, durably. Not atomic against concurrent commits to it.
  virtual Result<void> drop(Partition partition) = 0;

  // The partitions that hold at least one record, ascending.
  virtual Result<std::vector<Partition>> partitions() = 0;

  // Bytes on disk now; 0 where it makes no sense.
  virtual std::uint64_t disk_bytes() = 0;
};

// The format of all keys and records on disk. An engine refuses to open a store written by a newer one.
constexpr std::uint32_t kFormatVersion = 2;

}  // namespace kontor::store
