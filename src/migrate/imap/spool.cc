// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/spool.h"

namespace kontor::migrate {

Result<void> Spool::append(std::string_view bytes) {
  const auto trouble = [] { return fail(Errc::unavailable, "a temporary file cannot be written"); };
  size_ += bytes.size();
  if (!file_ && memory_.size() + bytes.size() <= kInMemory) {
    memory_.append(bytes);
    return {};
  }
  if (!file_) {
    file_.reset(std::tmpfile());
    if (!file_ || std::fwrite(memory_.data(), 1, memory_.size(), file_.get()) != memory_.size()) return trouble();
    memory_ = {};
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return trouble();
  return {};
}

Result<void> Spool::deliver(const TakePiece& take) {
  if (!file_) {
    if (!memory_.empty()) TRY_VOID(take(memory_));
    return {};
  }
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) return fail(Errc::unavailable, "a temporary file cannot be read");
  std::string piece(kInMemory, '\0');
  for (std::uint64_t left = size_; left > 0;) {
    const auto count = std::fread(piece.data(), 1, std::min<std::uint64_t>(piece.size(), left), file_.get());
    if (count == 0) return fail(Errc::unavailable, "a temporary file cannot be read");
    left -= count;
    TRY_VOID(take(std::string_view(piece).substr(0, count)));
  }
  return {};
}

}  // namespace kontor::migrate
