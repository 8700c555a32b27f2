// SPDX-License-Identifier: AGPL-3.0-or-later
// Content that came before it was asked for: small in memory, large in a nameless file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "migrate/source.h"

namespace kontor::migrate {

class Spool {
 public:
  static constexpr std::size_t kInMemory = 256u << 10;

  // Errors: unavailable (no room for temporary files).
  Result<void> append(std::string_view bytes);
  // From the start, in pieces. Errors: as `take`, and unavailable.
  Result<void> deliver(const TakePiece& take);
  std::uint64_t size() const { return size_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string memory_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

}  // namespace kontor::migrate
