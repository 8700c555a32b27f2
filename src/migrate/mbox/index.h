// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the messages of an mbox file lie and what their headers say of them: one pass over the file, however large,
// with memory for the index only.
//
// A message begins at a "From " line with a date that follows a blank line or the file's beginning. A Content-Length is
// believed where another such line, or the end, follows at its place (mboxcl, mboxcl2): "From " lines inside are text
// then.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "migrate/files/message_file.h"
#include "migrate/source.h"

namespace kontor::migrate {

struct MboxMessage {
  std::uint64_t offset = 0;  // of the content, behind the "From " line
  std::uint64_t size = 0;    // without the blank line that belongs to the next "From " line
  SourceItem item;           // its key: a digest of the content without status fields, "#2" for the second of equals
  std::vector<std::string> labels;  // Gmail's
  bool has_status = false;
};

struct MboxIndex {
  std::string stamp;  // size and time of the file that was read
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 0;
  bool is_quoted_rd = false;  // mboxrd: each ">" before "From " was added by the writer
  bool has_labels = false;
  std::vector<MboxMessage> messages;  // in the file's order; expunged ones and UW's internal data left out
  std::unordered_map<std::string, std::size_t> by_key;
};

// Errors: not_found, invalid (it is no mbox, or cannot be read).
Result<MboxIndex> index_mbox(const std::string& path);
std::string mbox_stamp(const FileFacts& facts);

// Errors: as deliver_file.
Result<void> deliver_mbox_message(const std::string& path, const MboxIndex& index, const MboxMessage& message,
                                  const TakePiece& take);

// The same from any reader, for tests: gives up to `size` bytes at an offset, 0 at the end.
using ReadAt = std::function<Result<std::size_t>(std::uint64_t offset, char* into, std::size_t size)>;
Result<MboxIndex> index_mbox(const ReadAt& read);

}  // namespace kontor::migrate
