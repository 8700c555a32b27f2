// SPDX-License-Identifier: AGPL-3.0-or-later
// One opened RocksDB with our column families, its format version checked.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "store/engine.h"
#include "store/rocksdb/rocksdb.h"

namespace kontor::store {

// Thread-safe. Snapshots keep it open.
class Database {
 public:
  // Errors: as open_rocksdb.
  static Result<std::shared_ptr<Database>> open(const std::string& folder, const RocksdbOptions& options);
  // Flushes, so that the next start has no log to replay.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  ::rocksdb::DB& db() { return *db_; }
  ::rocksdb::ColumnFamilyHandle* family(Space space) { return space == Space::records ? records_ : content_; }

 private:
  Database() = default;
  Result<void> open_families(const std::string& folder, const RocksdbOptions& options);
  Result<void> check_format(const std::string& folder);
  Result<void> write_format(const std::string& folder);

  std::unique_ptr<::rocksdb::DB> db_;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles_;
  ::rocksdb::ColumnFamilyHandle* format_ = nullptr;
  ::rocksdb::ColumnFamilyHandle* records_ = nullptr;
  ::rocksdb::ColumnFamilyHandle* content_ = nullptr;
};

// How keys lie in the database: 8 bytes of partition, then the key (docs/formats/store.md).
constexpr std::size_t kPrefixBytes = 8;
std::string prefix_of(Partition partition);
// Just above every key that the partition can have.
std::string end_of(Partition partition);

}  // namespace kontor::store
