// SPDX-License-Identifier: AGPL-3.0-or-later
// links: groupware base
// A block of changed flags is refused, or it is read as it was written; and what is put into it is found there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "groupware/flag_block.h"

using namespace kontor;
using namespace kontor::groupware;

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

bool is_ordered(const FlagBlock& block, std::uint32_t number) {
  for (std::size_t i = 0; i < block.entries.size(); ++i) {
    if (FlagBlock::number_of(block.entries[i].uid) != number) return false;
    if (i > 0 && block.entries[i].uid <= block.entries[i - 1].uid) return false;
  }
  return block.entries.size() <= FlagBlock::kUids;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  const std::uint32_t number = data[0] < 0x80 ? data[0] : UINT32_MAX / FlagBlock::kUids + (data[0] & 1U);
  const std::string bytes(reinterpret_cast<const char*>(data) + 5, size - 5);
  auto block = decode_flag_block(number, bytes);
  if (!block) return 0;
  expect(number <= FlagBlock::number_of(Uid(UINT32_MAX)));
  expect(is_ordered(*block, number));
  expect(encode(*block) == bytes);

  const Uid uid(number * FlagBlock::kUids + data[1] % FlagBlock::kUids);
  const FlagBlock::Entry entry{uid, data[2], Modseq(1 + data[3]), {data[4]}};
  block->put(entry);
  expect(is_ordered(*block, number));
  RowRecord row;
  row.row.uid = uid;
  row.row.modseq = Modseq(1 + data[4]);
  expect(block->apply(row) == (entry.modseq.value > 1U + data[4]));
  expect(row.row.modseq.value == 1U + std::max(data[3], data[4]));
  FlagBlocks stored;
  stored.add(number, encode(*block));
  RowRecord again;
  again.row.uid = uid;
  expect(stored.apply(again).has_value() && again.row.flag_bits == entry.flag_bits && again.rare == entry.rare);
  expect(block->erase(uid) && !block->erase(uid));
  return 0;
}
