// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/folder_state.h"

#include <fmt/format.h>

#include <sstream>

namespace kontor::migrate {

std::string print_state(const ImapFolderState& state) {
  return fmt::format("imap1 {} {} {} {} {} {}", state.uid_validity, state.uid_next, state.messages, state.modseq,
                     state.flags_digest.empty() ? "-" : state.flags_digest,
                     state.uids.empty() ? "-" : state.uids.text());
}

std::optional<ImapFolderState> parse_state(const std::string& text) {
  std::istringstream in(text);
  std::string version, uids;
  ImapFolderState state;
  in >> version >> state.uid_validity >> state.uid_next >> state.messages >> state.modseq >> state.flags_digest >> uids;
  if (!in || version != "imap1") return std::nullopt;
  if (state.flags_digest == "-") state.flags_digest.clear();
  if (uids != "-") state.uids = UidSet::parse(uids);
  return state;
}

}  // namespace kontor::migrate
