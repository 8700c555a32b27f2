// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>

#include "base/digest.h"
#include "store/blob_records.h"
#include "store/blobs.h"

namespace kontor::store {

namespace {

constexpr int kFinishAttempts = 1000;

Error upload_is_gone() {
  return Error(Errc::conflict, "The content was not stored: its upload stood still for too long and was removed.");
}

}  // namespace

struct Blobs::Writer::State {
  State(Engine& engine_, const Clock& clock_, TenantId tenant)
      : engine(engine_), clock(clock_), partition(blob_partition(tenant)) {
    while (id == 0) id = random_u64();
  }

  Result<void> store_piece();
  Result<bool> try_finish(const std::string& hash);
  Result<void> give_up(const std::string& hash, BlobRecord found);
  Result<bool> add(const std::string& hash);

  Engine& engine;
  const Clock& clock;
  const Partition partition;
  std::uint64_t id = 0;
  Sha256 digest;
  std::uint64_t size = 0;
  std::uint64_t pieces = 0;       // stored
  std::string rest;               // what follows them, up to one piece
  std::optional<Instant> upload;  // the time in the upload's record, if there is one
  std::optional<Error> failure;
  bool is_finished = false;
};

Blobs::Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Blobs::Writer::Writer(Writer&&) noexcept = default;
Blobs::Writer::~Writer() = default;

Blobs::Writer Blobs::write(TenantId tenant) { return Writer(std::make_unique<Writer::State>(engine_, clock_, tenant)); }

Result<void> Blobs::Writer::write(std::string_view bytes) {
  State& s = *state_;
  check(!s.is_finished, "a blob is written after its finish");
  if (s.failure) return std::unexpected(*s.failure);
  while (!bytes.empty()) {
    // A full piece is stored when more follows: a blob of just one piece needs no upload's record.
    if (s.rest.size() == kPieceBytes) {
      if (auto stored = s.store_piece(); !stored) {
        s.failure = stored.error();
        return stored;
      }
    }
    const std::string_view part = bytes.substr(0, kPieceBytes - s.rest.size());
    s.digest.update(part);
    s.rest.append(part);
    s.size += part.size();
    bytes.remove_prefix(part.size());
  }
  return {};
}

// Each piece comes with the expectation that the sweep has not removed the upload, and with a sign of life against it.
Result<void> Blobs::Writer::State::store_piece() {
  const Instant now = clock.now();
  Batch batch;
  batch.expect(upload_key(id), upload ? std::optional(encode_time(*upload)) : std::nullopt);
  if (!upload || *upload < now) batch.put(upload_key(id), encode_time(now));
  batch.put(piece_key(id, pieces), std::move(rest), Space::content);
  rest.clear();
  const auto stored = engine.commit(partition, batch, Durability::lazy);
  if (!stored && stored.error().code == Errc::conflict) return std::unexpected(upload_is_gone());
  if (!stored) return stored;
  upload = std::max(upload.value_or(now), now);
  ++pieces;
  return {};
}

Result<BlobRef> Blobs::Writer::finish() {
  State& s = *state_;
  check(!s.is_finished, "a blob is finished twice");
  s.is_finished = true;
  if (s.failure) return std::unexpected(*s.failure);
  const std::string hash = s.digest.finish();
  for (int attempt = 0; attempt < kFinishAttempts; ++attempt) {
    TRY(const bool is_done, s.try_finish(hash));
    if (is_done) return BlobRef{hash, s.size};
  }
  return fail(Errc::conflict, "The content was not stored: too many others store the same at this moment.");
}

// False if something changed meanwhile and it must be looked at again.
Result<bool> Blobs::Writer::State::try_finish(const std::string& hash) {
  TRY(auto snapshot, engine.snapshot(partition));
  auto found = find_blob(*snapshot, hash);
  if (!found && found.error().code != Errc::not_found) return std::unexpected(found.error());
  if (!found) {
    if (upload) {
      TRY(const auto record, snapshot->get(upload_key(id)));
      if (!record) return std::unexpected(upload_is_gone());
    }
    snapshot.reset();  // a thread that commits must not hold the store open
    return add(hash);
  }
  snapshot.reset();
  const auto given_up = give_up(hash, *found);
  if (!given_up && given_up.error().code == Errc::conflict) return false;
  if (!given_up) return std::unexpected(given_up.error());
  return true;
}

// The tenant has the content already. What is seen in the store is durable, and to lose the rest of this harms nothing.
Result<void> Blobs::Writer::State::give_up(const std::string& hash, BlobRecord found) {
  const Instant now = clock.now();
  Batch batch;
  batch.expect(blob_key(hash), encode_blob(found));
  if (found.used < now) {
    found.used = now;
    batch.put(blob_key(hash), encode_blob(found));
  }
  if (upload) batch.erase(upload_key(id));
  for (std::uint64_t number = 0; number < pieces; ++number) batch.erase(piece_key(id, number), Space::content);
  return engine.commit(partition, batch, Durability::lazy);
}

Result<bool> Blobs::Writer::State::add(const std::string& hash) {
  BlobRecord record;
  record.id = id;
  record.size = size;
  record.used = clock.now();
  Batch batch;
  batch.expect(blob_key(hash), std::nullopt);
  batch.put(blob_key(hash), encode_blob(record));
  if (!rest.empty()) batch.put(piece_key(id, pieces), rest, Space::content);
  if (upload) {
    batch.expect(upload_key(id), encode_time(*upload));
    batch.erase(upload_key(id));
  }
  const auto added = engine.commit(partition, batch);
  if (added) return true;
  if (added.error().code == Errc::conflict) return false;
  return std::unexpected(added.error());
}

}  // namespace kontor::store
