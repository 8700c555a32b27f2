// SPDX-License-Identifier: AGPL-3.0-or-later
// How RocksDB is set up for mail: small records read in ranges, content read by key.
#pragma once

#include <rocksdb/options.h>

#include <memory>

#include "store/rocksdb/rocksdb.h"

namespace kontor::store {

struct Tuning {
  ::rocksdb::DBOptions db;
  ::rocksdb::ColumnFamilyOptions format;  // the default column family
  ::rocksdb::ColumnFamilyOptions records;
  ::rocksdb::ColumnFamilyOptions content;
};

Tuning tune(const RocksdbOptions& options);

}  // namespace kontor::store
