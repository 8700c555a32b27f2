// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/blobs.h"

#include <algorithm>

#include "base/digest.h"
#include "store/blob_records.h"

namespace kontor::store {

namespace {

// Each attempt that fails means that another one succeeded.
constexpr int kReferAttempts = 1000;

// Errors: corrupt (the piece is not there, or has not the size it must have).
Result<Value> get_piece(Snapshot& snapshot, const BlobRecord& blob, std::uint64_t number) {
  TRY(const auto piece, snapshot.get(piece_key(blob.id, number), Space::content));
  const std::uint64_t size = std::min<std::uint64_t>(kPieceBytes, blob.size - number * kPieceBytes);
  if (!piece || piece->size() != size) return fail(Errc::corrupt, "A part of the stored content is missing.");
  return *piece;
}

// Notes `account` at `now`, unless it is noted so already.
Result<void> try_refer(Engine& engine, Partition partition, const std::string& hash, AccountId account, Instant now) {
  TRY(auto snapshot, engine.snapshot(partition));
  TRY(BlobRecord blob, find_blob(*snapshot, hash));
  const std::string before = encode_blob(blob);
  const std::string key = note_key(hash, account);
  bool is_noted = false;
  TRY(const auto note, snapshot->get(key));
  if (note) {
    TRY(const Instant noted, decode_time(*note));
    is_noted = noted >= now;
  }
  snapshot.reset();  // a thread that commits must not hold the store open
  if (is_noted && blob.used >= now) return {};
  Batch batch;
  batch.expect(blob_key(hash), before);
  if (!is_noted) batch.put(key, encode_time(now));
  if (blob.used < now) {
    // The sweep cannot see notes that come after it looked; it does see that the blob is not as it was.
    blob.used = now;
    batch.put(blob_key(hash), encode_blob(blob));
  }
  return engine.commit(partition, batch);
}

}  // namespace

Result<void> Blobs::refer(TenantId tenant, const std::string& hash, AccountId account) {
  for (int attempt = 1;; ++attempt) {
    auto done = try_refer(engine_, blob_partition(tenant), hash, account, clock_.now());
    if (done || done.error().code != Errc::conflict || attempt == kReferAttempts) return done;
  }
}

Result<std::string> Blobs::read(TenantId tenant, const std::string& hash, std::uint64_t offset, std::size_t length) {
  TRY(const auto snapshot, engine_.snapshot(blob_partition(tenant)));
  TRY(const BlobRecord blob, find_blob(*snapshot, hash));
  std::string bytes;
  if (offset >= blob.size) return bytes;
  const std::uint64_t end = offset + std::min<std::uint64_t>(length, blob.size - offset);
  bytes.reserve(end - offset);
  while (offset < end) {
    TRY(const Value piece, get_piece(*snapshot, blob, offset / kPieceBytes));
    const std::size_t from = offset % kPieceBytes;
    const std::size_t count = std::min<std::uint64_t>(piece.size() - from, end - offset);
    bytes.append(piece.substr(from, count));
    offset += count;
  }
  return bytes;
}

Result<std::uint64_t> Blobs::size(TenantId tenant, const std::string& hash) {
  TRY(const auto snapshot, engine_.snapshot(blob_partition(tenant)));
  TRY(const BlobRecord blob, find_blob(*snapshot, hash));
  return blob.size;
}

Result<void> Blobs::each(TenantId tenant, const std::function<bool(const BlobRef&)>& visit) {
  TRY(const auto snapshot, engine_.snapshot(blob_partition(tenant)));
  const KeyRange range = all_blobs();
  Result<void> outcome;
  TRY_VOID(snapshot->scan(range.first, range.last, [&](Key key, Value value) {
    const auto blob = decode_blob(value);
    if (!blob) {
      outcome = std::unexpected(blob.error());
      return false;
    }
    return visit({std::string(hash_in(key)), blob->size});
  }));
  return outcome;
}

Result<bool> Blobs::intact(TenantId tenant, const std::string& hash) {
  TRY(const auto snapshot, engine_.snapshot(blob_partition(tenant)));
  TRY(const BlobRecord blob, find_blob(*snapshot, hash));
  Sha256 digest;
  for (std::uint64_t number = 0; number < blob.pieces(); ++number) {
    const auto piece = get_piece(*snapshot, blob, number);
    if (!piece && piece.error().code == Errc::corrupt) return false;
    if (!piece) return std::unexpected(piece.error());
    digest.update(*piece);
  }
  return digest.finish() == hash;
}

}  // namespace kontor::store
