// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/tuning.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <thread>

#include "store/rocksdb/database.h"
#include "store/rocksdb/info_log.h"

namespace kontor::store {

namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

::rocksdb::DBOptions database_options(const RocksdbOptions& options) {
  ::rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  const int cores = static_cast<int>(std::max(2U, std::thread::hardware_concurrency()));
  db.IncreaseParallelism(cores);
  db.max_open_files = 1000;
  db.db_write_buffer_size = options.memtable_bytes;
  // The log is read again at start and counts as disk space: it may grow to twice the memtables, then they are flushed.
  db.max_total_wal_size = 2 * options.memtable_bytes;
  // Writes back steadily, so that no single sync has to wait for hundreds of megabytes.
  db.wal_bytes_per_sync = kMiB;
  db.bytes_per_sync = kMiB;
  db.avoid_unnecessary_blocking_io = true;
  // One thread writes for all that wait with it, and the others sleep: there is more to do for the processors than to
  // spin or to wake each for its share. It also allows insertion hints.
  db.allow_concurrent_memtable_write = false;
  db.write_thread_max_yield_usec = 0;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.info_log = make_info_log();
  db.info_log_level = ::rocksdb::WARN_LEVEL;
  return db;
}

::rocksdb::ColumnFamilyOptions common_options(const RocksdbOptions& options) {
  ::rocksdb::ColumnFamilyOptions cf;
  cf.write_buffer_size = std::max<std::uint64_t>(options.memtable_bytes / 2, kMiB);
  cf.max_write_buffer_number = 4;
  cf.level_compaction_dynamic_level_bytes = true;
  cf.target_file_size_base = 32 * kMiB;
  return cf;
}

::rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<::rocksdb::Cache>& cache) {
  ::rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.block_size = 16 << 10;
  table.filter_policy.reset(::rocksdb::NewBloomFilterPolicy(10));
  table.optimize_filters_for_memory = true;
  // Indexes and filters count as cache: memory stays bounded however much is stored.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

}  // namespace

Tuning tune(const RocksdbOptions& options) {
  const auto cache = ::rocksdb::NewLRUCache(options.cache_bytes);
  Tuning tuning{database_options(options), {}, common_options(options), common_options(options)};
  tuning.format.write_buffer_size = 64 << 10;

  tuning.records.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table_options(cache)));
  tuning.records.compression = ::rocksdb::kLZ4Compression;
  // Most new keys of a partition and kind follow the last one: they need no search from the top. The prefix is longer
  // than that of a partition: RocksDB would take a hint of the keys for the range that drop() removes.
  const std::shared_ptr<const ::rocksdb::SliceTransform> hints(::rocksdb::NewFixedPrefixTransform(kPrefixBytes + 1));
  tuning.records.memtable_insert_with_hint_prefix_extractor = hints;
  tuning.records.bottommost_compression = ::rocksdb::kZSTD;

  tuning.content.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table_options(cache)));
  tuning.content.compression = ::rocksdb::kZSTD;
  tuning.content.memtable_insert_with_hint_prefix_extractor = hints;
  tuning.content.enable_blob_files = true;
  tuning.content.min_blob_size = 1024;
  tuning.content.blob_file_size = 256 * kMiB;
  tuning.content.blob_compression_type = ::rocksdb::kZSTD;
  tuning.content.enable_blob_garbage_collection = true;
  tuning.content.blob_garbage_collection_age_cutoff = 0.5;
  tuning.content.blob_garbage_collection_force_threshold = 0.5;
  return tuning;
}

}  // namespace kontor::store
