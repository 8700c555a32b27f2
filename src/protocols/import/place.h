// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a source's folder goes in the account: an existing folder, or a new one at the same path.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "formats/archive/record.h"
#include "groupware/account.h"

namespace kontor::importing {

struct Placed {
  groupware::Kind kind = groupware::Kind::mail;
  FolderId folder;          // 0: its user removed it here; it comes back only when new items need it
  bool keeps_uids = false;  // its UIDVALIDITY is the source's
  bool name_rewritten = false;
};

// Rules for mail, the first that fits: the ledger knows the folder; INBOX is the inbox; the account's folder of the
// same role, renamed to the source's path if it never had an item and the path is free; the folder at that path; a new
// one, with containers above it. For the other kinds see place_collection(). Notes it in the ledger. `bring_back` makes
// a folder anew that its user removed.
Result<Placed> place_folder(groupware::Transaction& transaction, const std::string& source,
                            const archive::Folder& folder, bool bring_back);

// Whether another folder of the same source went there already: then two names became one.
Result<bool> is_taken(groupware::Transaction& transaction, const std::string& source, FolderId id, std::uint64_t code);

// The mail folder above one of that path: containers are made where there is none.
Result<FolderId> place_parents(groupware::Transaction& transaction, const archive::Folder& folder, bool& rewritten);

// No item was ever in it.
inline bool never_used(const groupware::Folder& folder) { return folder.next_uid == Uid(1) && !folder.is_container; }

// The name as Kontor can hold it: blanks at the ends, control characters and "/" replaced, at most 255 bytes.
std::string sound_name(const std::string& name);

}  // namespace kontor::importing
