// SPDX-License-Identifier: AGPL-3.0-or-later
// What a SELECT or EXAMINE asks for (RFC 3501 section 6.3.1, RFC 4466 section 2.1, RFC 7162 sections 3.1.8 and 3.2.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/imap/cursor.h"

namespace kontor::wire::imap {

// What the client knows of the folder from an earlier session.
struct Resync {
  // The largest UID that is certainly still known by both: the last pair of `numbers` and `uids` for which `uid_at`
  // gives that UID. 0 if there is none. `uid_at(n)` is the UID of the message number n, 0 if there is none.
  template <class UidAt>
  std::uint32_t last_match(UidAt&& uid_at) const;

  std::uint32_t uid_validity = 0;
  std::uint64_t modseq = 0;
  std::optional<Ranges> known_uids;
  Ranges numbers, uids;  // sequence match data: as many of the ones as of the others
};

struct SelectRequest {
  std::string name;
  bool condstore = false;
  std::optional<Resync> resync;
};

// From after the command's name to its end.
SelectRequest parse_select(Cursor& in);

template <class UidAt>
std::uint32_t Resync::last_match(UidAt&& uid_at) const {
  std::uint32_t found = 0;
  std::size_t at = 0;
  std::uint64_t uid = uids.empty() ? 0 : uids[0].first;
  for (const auto& range : numbers) {
    for (std::uint64_t number = range.first; number <= range.last; ++number) {
      const std::uint32_t present = uid_at(static_cast<std::uint32_t>(number));
      if (present == 0) return found;  // beyond the end, and so is all that follows
      if (present == uid) found = present;
      if (uid == uids[at].last) {
        if (++at == uids.size()) return found;
        uid = uids[at].first;
      } else {
        ++uid;
      }
    }
  }
  return found;
}

}  // namespace kontor::wire::imap
