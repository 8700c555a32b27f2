// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace kontor::archive {
namespace {

constexpr std::uint64_t kSpoolPiece = 64 << 10;

Result<void> write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0)
      return fail(Errc::unavailable, fmt::format("cannot write a temporary file: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

}  // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

Result<void> Spool::to_file() {
  const char* directory = std::getenv("TMPDIR");
  std::string name = fmt::format("{}/kontor-XXXXXX", directory != nullptr && *directory != 0 ? directory : "/tmp");
  file_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0)
    return fail(Errc::unavailable, fmt::format("cannot make a temporary file {}: {}", name, std::strerror(errno)));
  ::unlink(name.c_str());
  TRY_VOID(write_all(file_, memory_));
  memory_ = std::string();
  return {};
}

Result<void> Spool::write(std::string_view bytes) {
  check(digest_.empty(), "a finished spool is not written to");
  if (is_hashed_) hash_.update(bytes);
  size_ += bytes.size();
  if (file_ < 0 && size_ <= memory_limit_) {
    memory_.append(bytes);
    return {};
  }
  if (file_ < 0) TRY_VOID(to_file());
  return write_all(file_, bytes);
}

const std::string& Spool::sha256() {
  check(is_hashed_, "a spool without a digest is not asked for it");
  if (digest_.empty()) digest_ = hash_.finish();
  return digest_;
}

Result<void> Spool::read(const std::function<Result<void>(std::string_view)>& take) const {
  if (file_ < 0) return memory_.empty() ? Result<void>() : take(memory_);
  return read(0, size_, take);
}

Result<void> Spool::read(std::uint64_t offset, std::uint64_t length,
                         const std::function<Result<void>(std::string_view)>& take) const {
  for (const std::uint64_t end = offset + length; offset < end;) {
    TRY(const auto piece,
        read_at(offset, static_cast<std::size_t>(std::min<std::uint64_t>(kSpoolPiece, end - offset))));
    if (piece.empty()) return fail(Errc::unavailable, "a temporary file is shorter than it was");
    offset += piece.size();
    TRY_VOID(take(piece));
  }
  return {};
}

Result<std::string> Spool::read_at(std::uint64_t offset, std::size_t length) const {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - std::min(offset, size_)));
  if (file_ < 0) return memory_.substr(std::min<std::size_t>(offset, memory_.size()), count);
  std::string out(count, '\0');
  for (std::size_t done = 0; done < count;) {
    const auto got = ::pread(file_, out.data() + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Errc::unavailable, "cannot read a temporary file back");
    done += static_cast<std::size_t>(got);
  }
  return out;
}

void Spool::clear() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  memory_.clear();
  size_ = 0;
  hash_ = Sha256();
  digest_.clear();
}

}  // namespace kontor::archive
