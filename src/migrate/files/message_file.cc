// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/files/message_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>

namespace kontor::migrate {
namespace {

constexpr std::size_t kMessagePiece = 128u << 10;

std::unexpected<Error> trouble(const std::string& path) {
  const int code = errno;
  if (code == ENOENT || code == ENOTDIR) return fail(Errc::not_found, fmt::format("{} is not there", path));
  // Of the disk or of us, not of the file.
  const int elsewhere[] = {EMFILE, ENFILE, ENOMEM, ESTALE, ETIMEDOUT, ENOTCONN, EHOSTDOWN, EHOSTUNREACH, ENODEV};
  const bool is_own = std::find(std::begin(elsewhere), std::end(elsewhere), code) == std::end(elsewhere);
  return fail(is_own ? Errc::invalid : Errc::unavailable,
              fmt::format("{} cannot be read: {}", path, std::strerror(code)));
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  bool is_open() const { return fd_ >= 0; }
  // -1 on errors.
  ssize_t read(char* into, std::size_t size, std::uint64_t offset) const {
    ssize_t count = 0;
    do count = ::pread(fd_, into, size, static_cast<off_t>(offset));
    while (count < 0 && errno == EINTR);
    return count;
  }

 private:
  int fd_;
};

}  // namespace

Result<void> CrlfWriter::put(std::string_view bytes) {
  out_.append(bytes);
  if (out_.size() < kMessagePiece) return {};
  TRY_VOID(take_(out_));
  out_.clear();
  return {};
}

Result<void> CrlfWriter::write(std::string_view piece) {
  while (!piece.empty()) {
    const auto end = ends_ == LineEnds::keep ? std::string_view::npos : piece.find('\n');
    if (end == std::string_view::npos) {
      last_ = piece.back();
      return put(piece);
    }
    const char before = end > 0 ? piece[end - 1] : last_;
    if (ends_ == LineEnds::by_first) ends_ = before == '\r' ? LineEnds::keep : LineEnds::to_crlf;
    TRY_VOID(put(piece.substr(0, end)));
    TRY_VOID(put(before == '\r' ? "\n" : "\r\n"));
    last_ = '\n';
    piece.remove_prefix(end + 1);
  }
  return {};
}

Result<void> CrlfWriter::finish() {
  if (out_.empty()) return {};
  return take_(std::exchange(out_, {}));
}

Result<void> deliver_file(const std::string& path, LineEnds ends, const TakePiece& take, std::uint64_t offset,
                          std::uint64_t size) {
  const OpenFile file(path);
  if (!file.is_open()) return trouble(path);
  CrlfWriter writer(ends, take);
  std::string piece(kMessagePiece, '\0');
  while (size > 0) {
    const auto count = file.read(piece.data(), std::min<std::uint64_t>(piece.size(), size), offset);
    if (count < 0) return trouble(path);
    if (count == 0) break;
    TRY_VOID(writer.write(std::string_view(piece).substr(0, static_cast<std::size_t>(count))));
    offset += static_cast<std::uint64_t>(count);
    size -= static_cast<std::uint64_t>(count);
  }
  return writer.finish();
}

Result<std::string> read_head(const std::string& path, std::size_t limit) {
  const OpenFile file(path);
  if (!file.is_open()) return trouble(path);
  std::string head(limit, '\0');
  std::size_t have = 0;
  while (have < limit) {
    const auto count = file.read(head.data() + have, limit - have, have);
    if (count < 0) return trouble(path);
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  head.resize(have);
  return head;
}

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
  TRY(const auto facts, file_facts(path));
  if (facts.size > limit) return fail(Errc::too_large, fmt::format("{} is too large", path));
  return read_head(path, static_cast<std::size_t>(facts.size));
}

std::string_view line_ends_of(std::string_view head) {
  const auto end = head.find('\n');
  if (end == std::string_view::npos) return {};
  return end > 0 && head[end - 1] == '\r' ? "crlf" : "lf";
}

std::string_view header_of(std::string_view head) {
  std::size_t line = 0;
  while (line < head.size()) {
    const auto end = head.find('\n', line);
    const auto text = head.substr(line, end == std::string_view::npos ? end : end - line);
    if (text.empty() || text == "\r") return head.substr(0, line);
    if (end == std::string_view::npos) break;
    line = end + 1;
  }
  return head;
}

Result<FileFacts> file_facts(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return trouble(path);
  FileFacts facts;
  facts.is_directory = S_ISDIR(info.st_mode);
  facts.is_regular = S_ISREG(info.st_mode);
  facts.size = static_cast<std::uint64_t>(info.st_size);
  facts.modified_ns = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
  facts.device = info.st_dev;
  facts.inode = info.st_ino;
  return facts;
}

Instant modified_at(const FileFacts& facts) {
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(facts.modified_ns)));
}

Result<std::vector<std::string>> read_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return trouble(path);
  std::vector<std::string> names;
  errno = 0;
  while (const auto* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return trouble(path);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace kontor::migrate
