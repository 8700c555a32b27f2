// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages in files, delivered with CRLF lines in bounded pieces; directories.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "migrate/source.h"

namespace kontor::migrate {

// Lone CRs and NULs stay as they are in every case.
enum class LineEnds : std::uint8_t {
  keep,      // bytes as they are
  to_crlf,   // each LF that no CR precedes becomes CRLF
  by_first,  // to_crlf if the first line ends in a bare LF, else keep
};

// Turns pieces of a file into pieces with CRLF lines.
class CrlfWriter {
 public:
  CrlfWriter(LineEnds ends, const TakePiece& take) : ends_(ends), take_(take) {}
  Result<void> write(std::string_view piece);
  Result<void> finish();  // hands on what is left

 private:
  Result<void> put(std::string_view bytes);
  LineEnds ends_;
  const TakePiece& take_;
  std::string out_;
  char last_ = '\0';
};

// A part of a file (all from `offset` by default). Errors: not_found (no such file), invalid (cannot be read: why), or
// what `take` returned.
Result<void> deliver_file(const std::string& path, LineEnds ends, const TakePiece& take, std::uint64_t offset = 0,
                          std::uint64_t size = UINT64_MAX);

// The first `limit` bytes. Errors: not_found, invalid.
Result<std::string> read_head(const std::string& path, std::size_t limit);
// A whole small file. Errors: not_found, invalid, too_large.
Result<std::string> read_small_file(const std::string& path, std::size_t limit);

// "lf" or "crlf", by the first line's end; empty if there is none.
std::string_view line_ends_of(std::string_view head);
// The header block at the start of `head`, without the empty line.
std::string_view header_of(std::string_view head);

struct FileFacts {
  bool is_directory = false;
  bool is_regular = false;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // since the epoch
  std::uint64_t device = 0, inode = 0;
};
// Follows links. Errors: not_found, invalid.
Result<FileFacts> file_facts(const std::string& path);
Instant modified_at(const FileFacts& facts);

// Names without "." and "..", sorted. Errors: not_found, invalid.
Result<std::vector<std::string>> read_directory(const std::string& path);

}  // namespace kontor::migrate
