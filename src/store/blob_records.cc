// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/blob_records.h"

#include "base/bytes.h"

namespace kontor::store {

namespace {

constexpr char kRecordVersion = 1;
constexpr std::size_t kBlobBytes = 25;
constexpr std::size_t kTimeBytes = 9;

void append_time(std::string& out, Instant time) {
  append_be64(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Instant read_time(std::string_view bytes) {
  return Instant(std::chrono::seconds(static_cast<std::int64_t>(read_be64(bytes))));
}

bool is_known(std::string_view bytes, std::size_t size) { return bytes.size() == size && bytes[0] == kRecordVersion; }

KeyRange range_of(std::string prefix) {
  std::string end = prefix;
  // Every prefix begins with an ASCII letter, so the carry ends there at the latest.
  while (end.back() == '\xff') end.pop_back();
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return {std::move(prefix), std::move(end)};
}

std::string numbered_key(char kind, std::uint64_t id) {
  std::string key(1, kind);
  append_be64(key, id);
  return key;
}

}  // namespace

std::string encode_blob(const BlobRecord& record) {
  std::string out(1, kRecordVersion);
  append_be64(out, record.id);
  append_be64(out, record.size);
  append_time(out, record.used);
  return out;
}

Result<BlobRecord> decode_blob(std::string_view bytes) {
  if (!is_known(bytes, kBlobBytes)) return fail(Errc::corrupt, "The record of a stored blob cannot be read.");
  BlobRecord record;
  record.id = read_be64(bytes.substr(1));
  record.size = read_be64(bytes.substr(9));
  record.used = read_time(bytes.substr(17));
  return record;
}

std::string encode_time(Instant time) {
  std::string out(1, kRecordVersion);
  append_time(out, time);
  return out;
}

Result<Instant> decode_time(std::string_view bytes) {
  if (!is_known(bytes, kTimeBytes)) return fail(Errc::corrupt, "A note on a stored blob cannot be read.");
  return read_time(bytes.substr(1));
}

std::string blob_key(std::string_view hash) { return std::string(1, 'B').append(hash); }

std::string note_key(std::string_view hash, AccountId account) {
  std::string key = std::string(1, 'U').append(hash);
  append_be64(key, account.value);
  return key;
}

std::string upload_key(std::uint64_t id) { return numbered_key('W', id); }

std::string piece_key(std::uint64_t id, std::uint64_t number) {
  std::string key = numbered_key('P', id);
  append_be32(key, static_cast<std::uint32_t>(number));
  return key;
}

KeyRange all_blobs() { return range_of("B"); }
KeyRange all_uploads() { return range_of("W"); }
KeyRange notes_of(std::string_view hash) { return range_of(std::string(1, 'U').append(hash)); }
KeyRange pieces_of(std::uint64_t id) { return range_of(numbered_key('P', id)); }

std::string_view hash_in(Key blob) { return blob.substr(1); }
AccountId account_in(Key note) { return AccountId(read_be64(note.substr(1 + kHashBytes))); }
std::uint64_t upload_in(Key upload) { return read_be64(upload.substr(1)); }

Result<BlobRecord> find_blob(Snapshot& snapshot, std::string_view hash) {
  if (hash.size() != kHashBytes) return fail(Errc::not_found, "There is no such content.");
  TRY(const auto bytes, snapshot.get(blob_key(hash)));
  if (!bytes) return fail(Errc::not_found, "There is no such content.");
  return decode_blob(*bytes);
}

}  // namespace kontor::store
