// SPDX-License-Identifier: AGPL-3.0-or-later
// A set of items of one account, a bit for each id from 0 to the largest.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace kontor::groupware {

class ItemSet {
 public:
  void add(std::uint64_t id) {
    if (id / 64 >= words_.size()) words_.resize(id / 64 + 1);
    words_[id / 64] |= bit(id);
  }
  void remove(std::uint64_t id) {
    if (id / 64 < words_.size()) words_[id / 64] &= ~bit(id);
  }
  bool has(std::uint64_t id) const { return id / 64 < words_.size() && (words_[id / 64] & bit(id)) != 0; }
  void keep_only(const ItemSet& others) {
    words_.resize(std::min(words_.size(), others.words_.size()));
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= others.words_[i];
  }
  std::uint64_t size() const {
    std::uint64_t count = 0;
    for (const std::uint64_t word : words_) count += static_cast<std::uint64_t>(std::popcount(word));
    return count;
  }
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1)
        visit(std::uint64_t{i} * 64 + static_cast<std::uint64_t>(std::countr_zero(word)));
  }
  std::size_t bytes() const { return words_.size() * sizeof(std::uint64_t); }

 private:
  static std::uint64_t bit(std::uint64_t id) { return std::uint64_t{1} << (id % 64); }

  std::vector<std::uint64_t> words_;
};

}  // namespace kontor::groupware
