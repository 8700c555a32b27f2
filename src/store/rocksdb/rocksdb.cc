// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/rocksdb.h"

#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/batch_check.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/latches.h"
#include "store/rocksdb/snapshot.h"
#include "store/rocksdb/status.h"

namespace kontor::store {

namespace {

using std::chrono::steady_clock;

// How long recovery may keep new readers waiting for the old ones to end, and how often it is tried.
constexpr std::chrono::milliseconds kDrain{2000};
constexpr std::chrono::milliseconds kResumeEvery{1000};
// How long the disk's free space is believed. The reserve is larger than what is written in that time.
constexpr std::chrono::milliseconds kRoomKnown{10};

::rocksdb::WriteBatch to_write_batch(Database& database, Partition partition, const Batch& batch) {
  const std::string prefix = prefix_of(partition);
  std::size_t bytes = 0;
  for (const auto& change : batch.changes())
    bytes += 32 + change.key.size() + (change.value ? change.value->size() : 0);
  ::rocksdb::WriteBatch out(bytes);
  for (const auto& change : batch.changes()) {
    const ::rocksdb::Slice key[] = {prefix, change.key};
    auto* family = database.family(change.space);
    if (change.value) {
      const ::rocksdb::Slice value[] = {*change.value};
      out.Put(family, ::rocksdb::SliceParts(key, 2), ::rocksdb::SliceParts(value, 1));
    } else {
      out.Delete(family, ::rocksdb::SliceParts(key, 2));
    }
  }
  return out;
}

// Whether the batch makes room: it removes something, and puts no more than the notes that come with that.
bool frees(const Batch& batch) {
  constexpr std::size_t kNotes = 1 << 20;
  bool erases = false;
  std::size_t put = 0;
  for (const auto& change : batch.changes()) {
    if (change.value && change.space == Space::content) return false;
    if (change.value)
      put += change.value->size();
    else
      erases = true;
  }
  return erases && put < kNotes;
}

class RocksdbEngine final : public Engine {
 public:
  RocksdbEngine(std::string folder, const RocksdbOptions& options, std::shared_ptr<Database> database)
      : folder_(std::move(folder)), options_(options), database_(std::move(database)) {}

  Result<std::unique_ptr<Snapshot>> snapshot(Partition partition) override {
    TRY(auto database, current());
    return make_snapshot(std::move(database), partition);
  }

  Result<void> commit(Partition partition, const Batch& batch, Durability durability) override {
    TRY_VOID(check_keys(batch));
    if (!frees(batch)) TRY_VOID(check_room());
    TRY(const auto database, writable());
    const auto hold = latches_.take(partition, batch);
    TRY_VOID(check_expectations(*database, partition, batch));
    return write(*database, to_write_batch(*database, partition, batch), durability);
  }

  Result<void> drop(Partition partition) override {
    TRY(const auto database, writable());
    ::rocksdb::WriteBatch batch;
    for (const Space space : {Space::records, Space::content})
      batch.DeleteRange(database->family(space), prefix_of(partition), end_of(partition));
    return write(*database, std::move(batch), Durability::durable);
  }

  Result<std::vector<Partition>> partitions() override;
  std::uint64_t disk_bytes() override;

 private:
  Result<std::shared_ptr<Database>> current();
  Result<std::shared_ptr<Database>> writable();
  Result<void> check_room();
  Result<void> recover();
  Result<void> check_expectations(Database& database, Partition partition, const Batch& batch);
  Result<void> write(Database& database, ::rocksdb::WriteBatch batch, Durability durability);

  const std::string folder_;
  const RocksdbOptions options_;
  Latches latches_;
  metrics::Histogram durable_seconds_{"kontor_store_commit_seconds", "Durable commits to the store, with their sync"};

  std::mutex mutex_;                    // guards database_
  std::shared_ptr<Database> database_;  // empty only while a failed one could not be opened again
  std::atomic<bool> has_failed_ = false;
  std::atomic<bool> is_full_ = false;  // as last seen: to log only the change
  std::atomic<steady_clock::duration> room_seen_{steady_clock::duration::zero()};  // when there was enough of it
  std::mutex recovery_;  // one at a time; guards next_attempt_
  steady_clock::time_point next_attempt_;
};

Result<std::shared_ptr<Database>> RocksdbEngine::current() {
  const std::lock_guard lock(mutex_);
  if (!database_) return fail(Errc::unavailable, "The store failed and could not be opened again yet.");
  return database_;
}

Result<std::shared_ptr<Database>> RocksdbEngine::writable() {
  if (has_failed_) TRY_VOID(recover());
  return current();
}

Result<void> RocksdbEngine::check_room() {
  struct statvfs disk{};
  if (options_.keep_free_bytes == 0) return {};
  const auto now = steady_clock::now().time_since_epoch();
  if (!is_full_ && now - room_seen_.load(std::memory_order_relaxed) < kRoomKnown) return {};
  if (statvfs(folder_.c_str(), &disk) != 0) return {};
  const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const bool is_full = free_bytes < options_.keep_free_bytes;
  if (!is_full) room_seen_ = now;
  if (is_full != is_full_.exchange(is_full))
    log::warn(is_full ? "store.disk_full" : "store.disk_has_room", {{"folder", folder_}, {"free_bytes", free_bytes}});
  if (!is_full) return {};
  return fail(Errc::unavailable, "The disk of the store is full. Nothing was stored; try again when there is room.");
}

// After a failed write RocksDB takes no more of them: the end of its log may be torn. Resuming starts a new log where
// the failure allows it (a full disk); other failures need a fresh start from what is on disk.
Result<void> RocksdbEngine::recover() {
  // Whoever waits here would keep the snapshot that another one waits to be let go.
  const std::unique_lock one_at_a_time(recovery_, std::try_to_lock);
  if (!one_at_a_time)
    return fail(Errc::unavailable, "The store cannot be written at present: it is being opened anew.");
  if (!has_failed_) return {};
  if (steady_clock::now() < next_attempt_)
    return fail(Errc::unavailable, "The store cannot be written at present, for instance because its disk is full.");
  next_attempt_ = steady_clock::now() + kResumeEvery;

  const std::lock_guard lock(mutex_);
  if (database_) {
    const auto resumed = database_->db().Resume();
    if (resumed.ok()) {
      has_failed_ = false;
      log::info("store.resumed");
      return {};
    }
    // Still no room, or RocksDB is at it by itself already.
    if (is_disk_full(resumed) || resumed.IsBusy()) return std::unexpected(to_error(resumed));
    const auto deadline = steady_clock::now() + kDrain;
    while (database_.use_count() > 1 && steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (database_.use_count() > 1) return std::unexpected(to_error(resumed));
    database_.reset();
  }
  TRY(database_, Database::open(folder_, options_));
  has_failed_ = false;
  log::info("store.opened_again");
  return {};
}

Result<void> RocksdbEngine::check_expectations(Database& database, Partition partition, const Batch& batch) {
  std::string key = prefix_of(partition);
  for (const auto& expectation : batch.expectations()) {
    key.resize(kPrefixBytes);
    key.append(expectation.key);
    ::rocksdb::PinnableSlice value;
    const auto status = database.db().Get({}, database.family(Space::records), key, &value);
    if (!status.ok() && !status.IsNotFound()) return std::unexpected(to_error(status));
    const bool holds =
        expectation.value ? status.ok() && value == ::rocksdb::Slice(*expectation.value) : status.IsNotFound();
    if (!holds) return fail(Errc::conflict, "The data was changed by somebody else at the same time.");
  }
  return {};
}

Result<void> RocksdbEngine::write(Database& database, ::rocksdb::WriteBatch batch, Durability durability) {
  if (batch.Count() == 0) return {};
  ::rocksdb::WriteOptions how;
  how.sync = durability == Durability::durable;
  const auto start = steady_clock::now();
  const auto status = database.db().Write(how, &batch);
  if (how.sync) durable_seconds_.observe(std::chrono::duration<double>(steady_clock::now() - start).count());
  if (status.ok()) return {};
  has_failed_ = true;
  return std::unexpected(to_error(status));
}

Result<std::vector<Partition>> RocksdbEngine::partitions() {
  TRY(const auto database, current());
  ::rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<::rocksdb::Iterator> it(database->db().NewIterator(options, database->family(Space::records)));
  std::vector<Partition> found;
  for (it->SeekToFirst(); it->Valid(); it->Seek(end_of(found.back())))
    found.emplace_back(read_be64(it->key().ToStringView()));
  if (!it->status().ok()) return std::unexpected(to_error(it->status()));
  return found;
}

std::uint64_t RocksdbEngine::disk_bytes() {
  namespace fs = std::filesystem;
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    std::error_code gone;  // RocksDB may remove a file at any moment
    const auto size = it->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb(const std::string& folder, const RocksdbOptions& options) {
  TRY(auto database, Database::open(folder, options));
  return std::make_unique<RocksdbEngine>(folder, options, std::move(database));
}

}  // namespace kontor::store
