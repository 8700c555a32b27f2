// SPDX-License-Identifier: AGPL-3.0-or-later
// Bytes of unknown length, kept in memory while they are few and in an unnamed temporary file ($TMPDIR, else /tmp)
// beyond that, and hashed on the way: a tar stream needs an item's size before its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace kontor::archive {

// Not thread-safe. Movable only by swapping owners: keep it where it is and clear() it for the next item.
class Spool {
 public:
  enum class Digest : std::uint8_t { made, none };  // none: sha256() is not asked for

  explicit Spool(std::size_t memory_limit = 1 << 20, Digest digest = Digest::made)
      : memory_limit_(memory_limit), is_hashed_(digest == Digest::made) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Errors: unavailable (no space for temporary files).
  Result<void> write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  // SHA-256 of all bytes, raw. After it nothing more may be written until clear().
  const std::string& sha256();
  // All bytes in order, in pieces of at most 64 KiB or as they lie in memory. May be called again. Errors: what `take`
  // returned, unavailable.
  Result<void> read(const std::function<Result<void>(std::string_view)>& take) const;
  // The same of `length` bytes from `offset`, which are there.
  Result<void> read(std::uint64_t offset, std::uint64_t length,
                    const std::function<Result<void>(std::string_view)>& take) const;
  // Up to `length` bytes from `offset`; fewer only at the end. Errors: unavailable.
  Result<std::string> read_at(std::uint64_t offset, std::size_t length) const;
  void clear();

 private:
  Result<void> to_file();

  std::size_t memory_limit_;
  bool is_hashed_;
  std::string memory_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  Sha256 hash_;
  std::string digest_;
};

}  // namespace kontor::archive
