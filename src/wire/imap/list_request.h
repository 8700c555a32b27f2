// SPDX-License-Identifier: AGPL-3.0-or-later
// What a LIST asks for: RFC 3501 section 6.3.8, RFC 5258 (LIST-EXTENDED), RFC 5819 (LIST-STATUS), RFC 6154
// (SPECIAL-USE), RFC 8440 (LIST-MYRIGHTS), RFC 9590 (LIST-METADATA).
#pragma once

#include <string>
#include <vector>

#include "wire/imap/cursor.h"
#include "wire/imap/status_request.h"

namespace kontor::wire::imap {

struct ListRequest {
  static constexpr std::size_t kMaxPatterns = 64;
  static constexpr std::size_t kMaxPatternBytes = 2000;  // of all patterns together, each with the reference

  // Selection options: which names show. `remote` asks for nothing that one server would not show anyway.
  struct Selection {
    bool subscribed = false;
    bool special_use = false;
    bool remote = false;
    bool recursive = false;  // RECURSIVEMATCH
  };
  // Return options: what is told of each.
  struct Returned {
    bool subscribed = false;
    bool children = false;
    bool special_use = false;
    bool my_rights = false;
    std::vector<StatusItem> status;     // empty = not asked for
    std::vector<std::string> metadata;  // entries; the same
  };

  bool is_extended = false;  // RFC 5258 section 3: then an empty pattern is nothing special
  Selection selected;
  Returned returned;
  std::string reference;
  std::vector<std::string> patterns;  // without the reference; at least one
};

// From after the command's name to its end.
ListRequest parse_list(Cursor& in);

// "A reference with a pattern behind it": one delimiter between them (RFC 3501 section 6.3.8).
std::string join_reference(std::string reference, std::string_view pattern);

}  // namespace kontor::wire::imap
