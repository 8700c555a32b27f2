// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys and records of a tenant's blobs, as docs/formats/store.md tells them. For blobs only.
//
// Fixed bytes instead of FlatBuffers: expectations compare them whole, so one value must have one encoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "store/blobs.h"
#include "store/engine.h"

namespace kontor::store {

constexpr std::size_t kPieceBytes = 256 << 10;
constexpr std::size_t kHashBytes = 32;

struct BlobRecord {
  std::uint64_t id = 0;
  std::uint64_t size = 0;
  Instant used{};  // last finished or referred to

  std::uint64_t pieces() const { return (size + kPieceBytes - 1) / kPieceBytes; }
};

std::string encode_blob(const BlobRecord& record);
Result<BlobRecord> decode_blob(std::string_view bytes);  // Errors: corrupt

// What notes and uploads hold: a time.
std::string encode_time(Instant time);
Result<Instant> decode_time(std::string_view bytes);  // Errors: corrupt

std::string blob_key(std::string_view hash);
std::string note_key(std::string_view hash, AccountId account);
std::string upload_key(std::uint64_t id);
std::string piece_key(std::uint64_t id, std::uint64_t number);

// All keys of a kind, or those that go on from a prefix: [first, last).
struct KeyRange {
  std::string first;
  std::string last;
};
KeyRange all_blobs();
KeyRange all_uploads();
KeyRange notes_of(std::string_view hash);
KeyRange pieces_of(std::uint64_t id);

std::string_view hash_in(Key blob);   // of blob_key
AccountId account_in(Key note);       // of note_key
std::uint64_t upload_in(Key upload);  // of upload_key

// Errors: not_found, corrupt.
Result<BlobRecord> find_blob(Snapshot& snapshot, std::string_view hash);

}  // namespace kontor::store
