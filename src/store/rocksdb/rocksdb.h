// SPDX-License-Identifier: AGPL-3.0-or-later
// The embedded engine: one RocksDB database in one folder.
#pragma once

#include <memory>
#include <string>

#include "store/engine.h"

namespace kontor::store {

struct RocksdbOptions {
  std::uint64_t cache_bytes = 256ULL << 20;     // block cache, shared by records and content
  std::uint64_t memtable_bytes = 128ULL << 20;  // write buffers of both spaces together
  // With less room than this left on the disk, commits that put anything are refused as unavailable; those that only
  // erase still pass. Keeps RocksDB itself from running out of disk in the middle of its work.
  std::uint64_t keep_free_bytes = 64ULL << 20;
};

// Opens the database in `folder`, or makes it. Only one process at a time can have it open.
// Errors: unavailable (locked by another process, no permission, disk full), corrupt, invalid (written by a newer
// version: the sentence names both versions and says what to do).
Result<std::unique_ptr<Engine>> open_rocksdb(const std::string& folder, const RocksdbOptions& options = {});

}  // namespace kontor::store
