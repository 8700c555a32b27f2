// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/snapshot.h"

#include "store/rocksdb/status.h"

namespace kontor::store {

namespace {

class RocksdbSnapshot final : public Snapshot {
 public:
  RocksdbSnapshot(std::shared_ptr<Database> database, Partition partition)
      : database_(std::move(database)), prefix_(prefix_of(partition)), end_(end_of(partition)) {
    options_.snapshot = database_->db().GetSnapshot();
  }
  ~RocksdbSnapshot() override {
    value_.Reset();
    database_->db().ReleaseSnapshot(options_.snapshot);
  }
  RocksdbSnapshot(const RocksdbSnapshot&) = delete;
  RocksdbSnapshot& operator=(const RocksdbSnapshot&) = delete;

  Result<std::optional<Value>> get(Key key, Space space) override {
    key_.assign(prefix_).append(key);
    value_.Reset();
    const auto status = database_->db().Get(options_, database_->family(space), key_, &value_);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return std::unexpected(to_error(status));
    return Value(value_.data(), value_.size());
  }

  Result<void> scan(Key first, Key last, const std::function<bool(Key, Value)>& visit, Space space) override {
    const Range range(*this, first, last);
    if (range.is_empty()) return {};
    const auto it = range.iterator(space);
    for (it->Seek(range.lower()); it->Valid(); it->Next())
      if (!visit(key_of(*it), Value(it->value().data(), it->value().size()))) break;
    if (!it->status().ok()) return std::unexpected(to_error(it->status()));
    return {};
  }

  Result<void> scan_back(Key first, Key last, const std::function<bool(Key, Value)>& visit, Space space) override {
    const Range range(*this, first, last);
    if (range.is_empty()) return {};
    const auto it = range.iterator(space);
    for (it->SeekToLast(); it->Valid(); it->Prev())
      if (!visit(key_of(*it), Value(it->value().data(), it->value().size()))) break;
    if (!it->status().ok()) return std::unexpected(to_error(it->status()));
    return {};
  }

 private:
  // The bounds in the database's terms. RocksDB keeps views of them: they live as long as the iterator.
  class Range {
   public:
    Range(const RocksdbSnapshot& snapshot, Key first, Key last)
        : snapshot_(snapshot), lower_(snapshot.prefix_), upper_(last.empty() ? snapshot.end_ : snapshot.prefix_) {
      lower_.append(first);
      upper_.append(last);
      lower_slice_ = lower_;
      upper_slice_ = upper_;
    }
    Range(const Range&) = delete;
    Range& operator=(const Range&) = delete;

    bool is_empty() const { return lower_ >= upper_; }
    const ::rocksdb::Slice& lower() const { return lower_slice_; }
    std::unique_ptr<::rocksdb::Iterator> iterator(Space space) const {
      ::rocksdb::ReadOptions options = snapshot_.options_;
      options.iterate_lower_bound = &lower_slice_;
      options.iterate_upper_bound = &upper_slice_;
      Database& database = *snapshot_.database_;
      return std::unique_ptr<::rocksdb::Iterator>(database.db().NewIterator(options, database.family(space)));
    }

   private:
    const RocksdbSnapshot& snapshot_;
    std::string lower_;
    std::string upper_;
    ::rocksdb::Slice lower_slice_;
    ::rocksdb::Slice upper_slice_;
  };

  static Key key_of(const ::rocksdb::Iterator& it) {
    const ::rocksdb::Slice whole = it.key();
    return Key(whole.data() + kPrefixBytes, whole.size() - kPrefixBytes);
  }

  std::shared_ptr<Database> database_;
  std::string prefix_;
  std::string end_;
  ::rocksdb::ReadOptions options_;
  std::string key_;
  ::rocksdb::PinnableSlice value_;
};

}  // namespace

std::unique_ptr<Snapshot> make_snapshot(std::shared_ptr<Database> database, Partition partition) {
  return std::make_unique<RocksdbSnapshot>(std::move(database), partition);
}

}  // namespace kontor::store
