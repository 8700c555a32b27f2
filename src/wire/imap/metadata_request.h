// SPDX-License-Identifier: AGPL-3.0-or-later
// What GETMETADATA and SETMETADATA ask for (RFC 5464 section 5), and LIST's METADATA option (RFC 9590).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/imap/cursor.h"

namespace kontor::wire::imap {

struct GetMetadataRequest {
  static constexpr std::size_t kMaxEntries = 100;
  enum class Depth : std::uint8_t { zero, one, infinity };

  // Whether an entry of that name is asked for by one of `entries`, itself or by the depth.
  bool covers(std::string_view entry) const;

  std::string mailbox;  // empty: the server
  std::optional<std::uint64_t> max_size;
  Depth depth = Depth::zero;
  std::vector<std::string> entries;  // lower case; not checked whether they can exist
};

struct SetMetadataRequest {
  struct Entry {
    std::string name;  // lower case, sound
    std::optional<std::string> value;
  };
  std::string mailbox;
  std::vector<Entry> entries;
};

// From after the command's name to its end.
GetMetadataRequest parse_get_metadata(Cursor& in);
SetMetadataRequest parse_set_metadata(Cursor& in);

// "(/shared/comment /private/comment)".
std::vector<std::string> parse_metadata_entries(Cursor& in);

// RFC 5464 section 3: "/shared/..." or "/private/...", printable ASCII without wildcards, no empty part.
bool is_metadata_entry(std::string_view name);

}  // namespace kontor::wire::imap
