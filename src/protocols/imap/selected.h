// SPDX-License-Identifier: AGPL-3.0-or-later
// The selected folder as one session knows it.
//
// Invariants: 1. a message's sequence number is its position in `view` plus one, and the client was told of every row
// in it; 2. `view` changes only in announce(), which tells what differs; 3. rows that are gone stay in `view` until the
// client may be told (RFC 3501 section 7.4.1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "groupware/account.h"
#include "protocols/imap/search_context.h"
#include "wire/imap/sequence_set.h"

namespace kontor::imap {

// What a folder holds at one moment.
struct Snapshot {
  std::shared_ptr<const groupware::Folder> folder;
  std::shared_ptr<const groupware::FolderView> view;
  std::shared_ptr<const groupware::KeywordTable> keywords;
  std::uint32_t rights = 0;
};
// Blocks. Errors: as Reader::view.
Result<Snapshot> look(groupware::Account& account, const groupware::Caller& caller, FolderId folder);

// A later moment, and how it differs from what the client knows.
struct Difference {
  Snapshot now;
  groupware::FolderView::Difference rows;
};

struct Selected {
  std::uint32_t exists() const { return view->size(); }
  std::uint32_t recent_count() const;
  bool is_recent(Uid uid) const { return wire::imap::contains(recent, uid.value); }

  std::shared_ptr<groupware::Account> account;  // in which the folder is: not always the session's own
  std::string prefix;                           // before the account's folders' names; see Mailbox
  FolderId folder;
  bool read_only = false;
  bool is_examined = false;  // by EXAMINE
  bool is_lost = false;      // the session may not read it any more: it is told as if it were empty
  bool uid_only = false;     // the client knows no message numbers (RFC 9586)
  std::uint32_t rights = 0;
  // What they were found from: the folder's grants, and a moment of the directory.
  std::vector<groupware::Grant> grants;
  std::uint64_t directory_changes = 0;
  std::shared_ptr<const groupware::FolderView> view;
  std::shared_ptr<const groupware::KeywordTable> keywords;
  wire::imap::Ranges recent;            // UIDs that this session was the first to see
  std::vector<SearchContext> contexts;  // searches whose results are kept up to date (RFC 5267)
  wire::imap::Ranges saved;             // UIDs of the saved search result, "$" (RFC 5182)
  // Rows that this session changed and has told of: they are not announced again.
  Modseq own_change;
  wire::imap::Ranges own_uids;
  // What a command of this session left: while it is the present state, announce() need not look.
  std::optional<Difference> ahead;
};

// Positions of the messages that a set names, ascending; of the saved result those that are still there. By number:
// nothing if one is beyond the end (the command is BAD); by UID: absent ones are passed over.
std::optional<std::vector<std::uint32_t>> positions(const Selected& selected, const wire::imap::SequenceSet& set,
                                                    bool by_uid);

// "* 3 FETCH (", or the UIDONLY form of it.
void append_fetch_start(std::string& out, const Selected& selected, std::uint32_t position);

// The UIDs that a set of UIDs names, whether or not there are such messages.
wire::imap::Ranges uids_in(const Selected& selected, const wire::imap::SequenceSet& set);

// "(\Seen \Recent work)" of the row at `position` of `view`.
void append_flags(std::string& out, const Selected& selected, std::uint32_t position);

// The UIDs at these positions as a set.
wire::imap::Ranges uids_at(const groupware::FolderView& view, const std::vector<std::uint32_t>& positions);

// All keywords after the system flags, for FLAGS and PERMANENTFLAGS.
std::string print_known_flags(std::uint8_t system, const groupware::KeywordTable& keywords);

// "* OK [PERMANENTFLAGS (...)] ...".
void append_permanent_flags(std::string& out, const Selected& selected);

// Whoever has one of these rights has a folder read-write.
constexpr std::uint32_t kChanging = groupware::right::kKeepSeen | groupware::right::kWriteFlags |
                                    groupware::right::kInsert | groupware::right::kDeleteItems |
                                    groupware::right::kExpunge;

groupware::FlagNames flag_names(std::uint8_t system, std::vector<std::string> keywords);

}  // namespace kontor::imap
