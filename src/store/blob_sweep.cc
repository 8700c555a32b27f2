// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/blob_records.h"
#include "store/blobs.h"

namespace kontor::store {

namespace {

// So many blobs or uploads are listed at a time: bounds the memory and the life of a snapshot.
constexpr std::size_t kListed = 256;

struct Entry {
  std::string key;
  std::string value;
};

Result<std::vector<Entry>> list(Engine& engine, Partition partition, const std::string& first,
                                const std::string& last) {
  TRY(const auto snapshot, engine.snapshot(partition));
  std::vector<Entry> entries;
  TRY_VOID(snapshot->scan(first, last, [&](Key key, Value value) {
    entries.push_back({std::string(key), std::string(value)});
    return entries.size() < kListed;
  }));
  return entries;
}

class Sweeper {
 public:
  Sweeper(Engine& engine, Partition partition, Instant limit, const Blobs::Refers& refers)
      : engine_(engine), partition_(partition), limit_(limit), refers_(refers) {}

  Result<Sweep> run() {
    TRY_VOID(walk(all_blobs(), &Sweeper::judge_blob));
    TRY_VOID(walk(all_uploads(), &Sweeper::judge_upload));
    return swept_;
  }

 private:
  Result<void> walk(KeyRange range, Result<void> (Sweeper::*judge)(const Entry&)) {
    while (true) {
      TRY(const auto entries, list(engine_, partition_, range.first, range.last));
      for (const Entry& entry : entries) TRY_VOID((this->*judge)(entry));
      if (entries.size() < kListed) return {};
      range.first = entries.back().key + '\0';
    }
  }

  Result<void> judge_blob(const Entry& entry);
  Result<void> judge_upload(const Entry& entry);
  Result<bool> forgets(const Entry& note, const std::string& hash);
  Result<bool> remove(const Batch& batch);

  Engine& engine_;
  const Partition partition_;
  const Instant limit_;  // what is older has had its grace; strictly, so that a renewed time is always another one
  const Blobs::Refers& refers_;
  Sweep swept_;
};

Result<void> Sweeper::judge_blob(const Entry& entry) {
  const std::string hash(hash_in(entry.key));
  TRY(const BlobRecord blob, decode_blob(entry.value));
  const KeyRange range = notes_of(hash);
  Batch batch;
  bool has_owner = false;
  // A blob has as many notes as accounts: they are read a part at a time as well, and forgotten in one commit.
  for (std::string first = range.first;;) {
    TRY(const auto notes, list(engine_, partition_, first, range.last));
    for (const Entry& note : notes) {
      TRY(const bool is_forgotten, forgets(note, hash));
      if (!is_forgotten) has_owner = true;
      if (!is_forgotten) continue;
      batch.expect(note.key, note.value);
      batch.erase(note.key);
    }
    if (notes.size() < kListed) break;
    first = notes.back().key + '\0';
  }
  const bool goes = !has_owner && blob.used < limit_;
  if (goes) {
    batch.expect(entry.key, entry.value);
    batch.erase(entry.key);
    for (std::uint64_t number = 0; number < blob.pieces(); ++number)
      batch.erase(piece_key(blob.id, number), Space::content);
  }
  TRY(const bool is_removed, remove(batch));
  if (goes && is_removed) {
    ++swept_.blobs;
    swept_.bytes += blob.size;
  }
  return {};
}

Result<bool> Sweeper::forgets(const Entry& note, const std::string& hash) {
  TRY(const Instant noted, decode_time(note.value));
  if (noted >= limit_) return false;
  TRY(const bool refers, refers_(account_in(note.key), hash));
  return !refers;
}

Result<void> Sweeper::judge_upload(const Entry& entry) {
  TRY(const Instant alive, decode_time(entry.value));
  if (alive >= limit_) return {};
  Batch batch;
  batch.expect(entry.key, entry.value);
  batch.erase(entry.key);
  const KeyRange range = pieces_of(upload_in(entry.key));
  TRY(auto snapshot, engine_.snapshot(partition_));
  TRY_VOID(snapshot->scan(
      range.first, range.last,
      [&](Key key, Value) {
        batch.erase(std::string(key), Space::content);
        return true;
      },
      Space::content));
  snapshot.reset();  // a thread that commits must not hold the store open
  TRY(const bool is_removed, remove(batch));
  if (is_removed) ++swept_.uploads;
  return {};
}

// False if somebody was quicker: then it is not garbage, or not any more there. Lazy: to lose a removal only means that
// the next sweep does it again.
Result<bool> Sweeper::remove(const Batch& batch) {
  if (batch.empty()) return false;
  const auto removed = engine_.commit(partition_, batch, Durability::lazy);
  if (removed) return true;
  if (removed.error().code == Errc::conflict) return false;
  return std::unexpected(removed.error());
}

}  // namespace

Result<Sweep> Blobs::sweep(TenantId tenant, std::chrono::seconds grace, const Refers& refers) {
  return Sweeper(engine_, blob_partition(tenant), clock_.now() - grace, refers).run();
}

}  // namespace kontor::store
