// SPDX-License-Identifier: AGPL-3.0-or-later
// What a pass over an IMAP folder leaves for the next one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "migrate/imap/uid_set.h"

namespace kontor::migrate {

struct ImapFolderState {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 0;
  std::uint64_t messages = 0;
  std::uint64_t modseq = 0;  // 0 = the server keeps none
  std::string flags_digest;  // of all UIDs and flags, where there is no modseq
  UidSet uids;               // all that were listed,
  bool has_uids = true;      // unless there were too many holes between them to say so in short
};

// Longer states are not kept by those who keep them.
constexpr std::size_t kLongestState = 60'000;

std::string print_state(const ImapFolderState& state);
std::optional<ImapFolderState> parse_state(const std::string& text);

}  // namespace kontor::migrate
