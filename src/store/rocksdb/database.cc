// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/database.h"

#include <fmt/core.h>

#include <filesystem>

#include "base/bytes.h"
#include "store/rocksdb/status.h"
#include "store/rocksdb/tuning.h"

namespace kontor::store {

namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kRecordsFamily = "records";
constexpr std::string_view kContentFamily = "content";

Error opening_error(const std::string& folder, const ::rocksdb::Status& status) {
  const std::string words = status.ToString();
  if (status.IsIOError() && words.find("lock") != std::string::npos)
    return Error(Errc::unavailable, fmt::format("The store in {} is in use by another process.", folder));
  if (is_disk_full(status))
    return Error(Errc::unavailable, fmt::format("The disk of the store in {} is full.", folder));
  const Errc code = status.IsCorruption() || status.IsInvalidArgument() ? Errc::corrupt : Errc::unavailable;
  return Error(code, fmt::format("The store in {} cannot be opened: {}.", folder, words));
}

Result<void> make_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool is_new = fs::create_directories(folder, error);
  if (error) return fail(Errc::unavailable, fmt::format("The folder {} cannot be made: {}.", folder, error.message()));
  if (is_new) fs::permissions(folder, fs::perms::owner_all, error);
  return {};
}

bool is_empty(::rocksdb::DB& db, ::rocksdb::ColumnFamilyHandle* family) {
  const std::unique_ptr<::rocksdb::Iterator> it(db.NewIterator({}, family));
  it->SeekToFirst();
  return !it->Valid() && it->status().ok();
}

}  // namespace

std::string prefix_of(Partition partition) {
  std::string prefix;
  append_be64(prefix, partition.id);
  return prefix;
}

std::string end_of(Partition partition) {
  if (partition.id != ~std::uint64_t{0}) return prefix_of(Partition(partition.id + 1));
  return prefix_of(partition) + std::string(kMaxKey + 1, '\xff');
}

Result<std::shared_ptr<Database>> Database::open(const std::string& folder, const RocksdbOptions& options) {
  TRY_VOID(make_folder(folder));
  std::shared_ptr<Database> database(new Database);
  TRY_VOID(database->open_families(folder, options));
  TRY_VOID(database->check_format(folder));
  return database;
}

Database::~Database() {
  if (!db_) return;
  if (format_ != nullptr && records_ != nullptr && content_ != nullptr) db_->Flush({}, handles_);
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  db_->Close();
}

Result<void> Database::open_families(const std::string& folder, const RocksdbOptions& options) {
  const Tuning tuning = tune(options);
  std::vector<::rocksdb::ColumnFamilyDescriptor> families{
      {::rocksdb::kDefaultColumnFamilyName, tuning.format},
      {std::string(kRecordsFamily), tuning.records},
      {std::string(kContentFamily), tuning.content},
  };
  // A newer version may have more families, and RocksDB opens all or none: they must not hide the clear refusal.
  std::vector<std::string> names;
  if (::rocksdb::DB::ListColumnFamilies(tuning.db, folder, &names).ok())
    for (const std::string& name : names)
      if (name != ::rocksdb::kDefaultColumnFamilyName && name != kRecordsFamily && name != kContentFamily)
        families.emplace_back(name, ::rocksdb::ColumnFamilyOptions());

  ::rocksdb::DB* db = nullptr;
  const auto status = ::rocksdb::DB::Open(tuning.db, folder, families, &handles_, &db);
  db_.reset(db);
  if (!status.ok()) return std::unexpected(opening_error(folder, status));
  format_ = handles_[0];
  records_ = handles_[1];
  content_ = handles_[2];
  return {};
}

Result<void> Database::check_format(const std::string& folder) {
  std::string value;
  const auto status = db_->Get({}, format_, kFormatKey, &value);
  if (status.ok() && value.size() == 4) {
    const std::uint32_t version = read_be32(value);
    if (version == kFormatVersion) return {};
    // What an older one wrote reads as it is; its program must not open what is written from now on.
    if (version != 0 && version < kFormatVersion) return write_format(folder);
    return fail(Errc::invalid, fmt::format("The store in {} has format version {}, this program reads up to {}: "
                                           "install the newer version of Kontor that wrote it.",
                                           folder, version, kFormatVersion));
  }
  if (!status.ok() && !status.IsNotFound()) return std::unexpected(opening_error(folder, status));
  if (status.ok() || !is_empty(*db_, records_) || !is_empty(*db_, content_))
    return fail(Errc::corrupt, fmt::format("The store in {} has no readable format record.", folder));
  return write_format(folder);
}

Result<void> Database::write_format(const std::string& folder) {
  std::string own;
  append_be32(own, kFormatVersion);
  ::rocksdb::WriteOptions durably;
  durably.sync = true;
  const auto written = db_->Put(durably, format_, kFormatKey, own);
  if (!written.ok()) return std::unexpected(opening_error(folder, written));
  return {};
}

}  // namespace kontor::store
