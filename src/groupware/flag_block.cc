// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/flag_block.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

constexpr char kFlagBlockVersion = 1;
constexpr std::size_t kEntryBytes = 19;  // without rare keywords

template <std::size_t kBytes>
char* write_be(char* to, std::uint64_t number) {
  for (std::size_t i = 0; i < kBytes; ++i) to[i] = static_cast<char>(number >> (8 * (kBytes - 1 - i)));
  return to + kBytes;
}

std::uint16_t read_be16(std::string_view bytes) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(bytes[0]) << 8) | static_cast<unsigned char>(bytes[1]));
}

template <class Entries>
auto entry_at(Entries& entries, Uid uid) {
  // Blocks are mostly written from the first UID to the last.
  if (entries.empty() || entries.back().uid < uid) return entries.end();
  return std::lower_bound(entries.begin(), entries.end(), uid,
                          [](const FlagBlock::Entry& entry, Uid wanted) { return entry.uid < wanted; });
}

}  // namespace

void FlagBlock::put(Entry entry) {
  const auto at = entry_at(entries, entry.uid);
  if (at != entries.end() && at->uid == entry.uid)
    *at = std::move(entry);
  else
    entries.insert(at, std::move(entry));
}

bool FlagBlock::erase(Uid uid) {
  const auto at = entry_at(entries, uid);
  if (at == entries.end() || at->uid != uid) return false;
  entries.erase(at);
  return true;
}

bool FlagBlock::apply(RowRecord& row) const {
  const auto at = entry_at(entries, row.row.uid);
  if (at == entries.end() || at->uid != row.row.uid || at->modseq <= row.row.modseq) return false;
  row.row.flag_bits = at->flag_bits;
  row.row.modseq = at->modseq;
  row.rare = at->rare;
  return true;
}

std::string encode(const FlagBlock& block) {
  std::size_t size = 1;
  for (const FlagBlock::Entry& entry : block.entries) size += kEntryBytes + 2 * entry.rare.size();
  std::string out(size, kFlagBlockVersion);
  char* to = out.data() + 1;
  for (const FlagBlock::Entry& entry : block.entries) {
    to = write_be<1>(to, entry.uid.value % FlagBlock::kUids);
    to = write_be<8>(to, entry.modseq.value);
    to = write_be<8>(to, entry.flag_bits);
    to = write_be<2>(to, entry.rare.size());
    for (const KeywordId keyword : entry.rare) to = write_be<2>(to, keyword);
  }
  return out;
}

Result<FlagBlock> decode_flag_block(std::uint32_t number, std::string_view bytes) {
  const auto damaged = [] { return fail(Errc::corrupt, "the changed flags of a folder are damaged"); };
  if (bytes.empty() || bytes[0] != kFlagBlockVersion || number > FlagBlock::number_of(Uid(UINT32_MAX)))
    return damaged();
  bytes.remove_prefix(1);
  FlagBlock block;
  block.entries.reserve(std::min<std::size_t>(bytes.size() / kEntryBytes, FlagBlock::kUids));
  while (!bytes.empty()) {
    if (bytes.size() < kEntryBytes || static_cast<unsigned char>(bytes[0]) >= FlagBlock::kUids) return damaged();
    FlagBlock::Entry entry;
    entry.uid = Uid(number * FlagBlock::kUids + static_cast<unsigned char>(bytes[0]));
    entry.modseq = Modseq(read_be64(bytes.substr(1)));
    entry.flag_bits = read_be64(bytes.substr(9));
    const std::size_t rare = read_be16(bytes.substr(17));
    bytes.remove_prefix(kEntryBytes);
    if (bytes.size() < 2 * rare) return damaged();
    for (std::size_t i = 0; i < rare; ++i) entry.rare.push_back(read_be16(bytes.substr(2 * i)));
    bytes.remove_prefix(2 * rare);
    if (!block.entries.empty() && entry.uid <= block.entries.back().uid) return damaged();
    block.entries.push_back(std::move(entry));
  }
  return block;
}

Result<void> FlagBlocks::apply(RowRecord& row) {
  const std::uint32_t number = FlagBlock::number_of(row.row.uid);
  while (next_ < stored_.size() && stored_[next_].first < number) ++next_;
  if (next_ == stored_.size() || stored_[next_].first != number) return {};
  if (decoded_ != number) {
    TRY(present_, decode_flag_block(number, stored_[next_].second));
    decoded_ = number;
  }
  present_.apply(row);
  return {};
}

}  // namespace kontor::groupware
