// SPDX-License-Identifier: AGPL-3.0-or-later
// Listing a folder at an IMAP server: all of it, or what changed (RFC 7162) since the state of an earlier pass.
//
// A folder is opened by EXAMINE only. Without CONDSTORE, or where the server says NOMODSEQ, the flags of all messages
// are read and compared by a digest; a difference makes a full listing. Gmail's "All Mail" is listed without what has a
// label, for that is listed where its label says.
#pragma once

#include <functional>

#include "migrate/imap/connection.h"
#include "migrate/imap/folder_state.h"
#include "migrate/source.h"

namespace kontor::migrate {

// What EXAMINE told.
struct ImapExamined {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 0;
  std::uint64_t exists = 0;
  std::uint64_t modseq = 0;  // 0 = none, or NOMODSEQ
  bool resynced = false;     // QRESYNC was asked for and understood:
  UidSet vanished, changed;  // since the known state; new ones count as changed
};

// Opens the folder read-only; with `known`, asks for what vanished since where the server has QRESYNC.
Result<ImapExamined> examine(ImapConnection& connection, const std::string& name, const ImapFolderState* known);

using VisitItem = std::function<Result<void>(const SourceItem&)>;

// The folder must be the examined one.
Result<FolderPass> list_folder(ImapConnection& connection, const SourceFolder& folder, const ImapExamined& examined,
                               const std::optional<ImapFolderState>& known, std::uint32_t window,
                               const VisitItem& visit);

// Whether the folder's STATUS, as folders() had it, says that nothing happened since `known`.
bool is_untouched(const SourceFolder& folder, const ImapFolderState& known);

std::string item_key(std::uint32_t uid_validity, std::uint32_t uid);

// "17-Jul-1996 02:44:25 -0700", day padded with a blank or a zero or not at all. Nothing if it is no date.
std::optional<InternalDate> parse_internal_date(std::string_view text);

}  // namespace kontor::migrate
