// SPDX-License-Identifier: AGPL-3.0-or-later
// Bytes at an address that is a multiple of 8, as FlatBuffers reads them: an engine's views lie anywhere.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace kontor {

// Refers to `bytes` where they lie well already, else holds a copy. `bytes` must outlive it.
class Aligned {
 public:
  explicit Aligned(std::string_view bytes) : view_(bytes) {
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) == 0) return;
    copy_.resize((bytes.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
    if (!bytes.empty()) std::memcpy(copy_.data(), bytes.data(), bytes.size());
    view_ = std::string_view(reinterpret_cast<const char*>(copy_.data()), bytes.size());
  }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;

  std::string_view view() const { return view_; }

 private:
  std::string_view view_;
  std::vector<std::uint64_t> copy_;
};

}  // namespace kontor
