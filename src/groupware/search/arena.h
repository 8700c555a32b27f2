// SPDX-License-Identifier: AGPL-3.0-or-later
// Many short texts kept in few allocations. Views into it stay good while it lives, moves included.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace kontor::groupware {

class TextArena {
 public:
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < text.size()) {
      blocks_.emplace_back();
      blocks_.back().reserve(std::max(next_block_, text.size()));
      bytes_ += blocks_.back().capacity();
      next_block_ = std::min(2 * next_block_, kLargestBlock);
    }
    auto& block = blocks_.back();
    const std::size_t at = block.size();
    block.insert(block.end(), text.begin(), text.end());
    return {block.data() + at, text.size()};
  }

  // That were taken for it.
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kLargestBlock = 64 << 10;
  std::size_t next_block_ = 1 << 10, bytes_ = 0;
  std::vector<std::vector<char>> blocks_;
};

}  // namespace kontor::groupware
