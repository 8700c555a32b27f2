// SPDX-License-Identifier: AGPL-3.0-or-later
// A folder's digest in little memory: some 40 bytes for an item.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/archive/answer.h"

namespace kontor::migrate {

// Fill, then seal, then look up.
class KnownItems {
 public:
  struct Entry {
    std::uint64_t state = 0;
    std::uint32_t begin = 0;
    std::uint16_t size = 0;
    bool is_vanished = false;
    bool was_seen = false;
  };
  void add(const archive::DigestLine& line);
  void seal();
  // Null if there is none. `key` is bounded.
  Entry* find(std::string_view key);
  std::size_t size() const { return entries_.size(); }
  void each(const std::function<void(std::string_view, const Entry&)>& visit) const;

 private:
  std::string_view key(const Entry& entry) const { return std::string_view(keys_).substr(entry.begin, entry.size); }

  std::string keys_;
  std::vector<Entry> entries_;
};

}  // namespace kontor::migrate
