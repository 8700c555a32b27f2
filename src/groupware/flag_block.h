// SPDX-License-Identifier: AGPL-3.0-or-later
// Changed flags of many messages in few records: one for up to 64 UIDs of a folder. What stands there goes before the
// flags in a message's row if its modseq is higher: so a change of one message writes its row and needs no word here,
// and rows of before there were blocks read as they are.
//
// Bytes on disk: version (1 byte, = 1), then by UID for each message:
//   uid % 64 (1), modseq (8), flag bits (8), how many rare keywords (2), their numbers (2 each)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "groupware/records.h"

namespace kontor::groupware {

struct FlagBlock {
  static constexpr std::uint32_t kUids = 64;
  static constexpr std::uint32_t number_of(Uid uid) { return uid.value / kUids; }

  struct Entry {
    Uid uid;
    std::uint64_t flag_bits = 0;  // as in a row
    Modseq modseq;
    std::vector<KeywordId> rare;
  };

  void put(Entry entry);  // in place of the message's former one
  bool erase(Uid uid);    // whether it was there
  // Gives the row its flags and modseq, where the ones here are newer; whether they are.
  bool apply(RowRecord& row) const;

  std::vector<Entry> entries;  // ascending by UID, all of one block
};

std::string encode(const FlagBlock& block);
// Errors: corrupt.
Result<FlagBlock> decode_flag_block(std::uint32_t number, std::string_view bytes);

// A folder's blocks as stored, for rows that come in ascending order of UID.
class FlagBlocks {
 public:
  void add(std::uint32_t number, std::string bytes) { stored_.emplace_back(number, std::move(bytes)); }  // ascending
  Result<void> apply(RowRecord& row);

 private:
  std::vector<std::pair<std::uint32_t, std::string>> stored_;
  std::size_t next_ = 0;
  std::optional<std::uint32_t> decoded_;  // the number of present_
  FlagBlock present_;
};

}  // namespace kontor::groupware
