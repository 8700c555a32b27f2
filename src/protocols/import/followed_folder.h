// SPDX-License-Identifier: AGPL-3.0-or-later
// A folder that came already, followed: where it is at the source and what it is like there, and the same here.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "formats/archive/record.h"
#include "groupware/account.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {

// Does here what changed at the source since `mark` was made: name and place, colour, description and properties; each
// only where nobody changed it here meanwhile. A place that is taken is tried again by the next pass. Puts into `mark`
// what the source says now and where the folder is. `mark.traits` without a place: it came just now, or by a version
// that noted none.
Result<void> follow_folder(groupware::Transaction& transaction, const std::string& source,
                           const archive::Folder& folder, FolderId here, FolderMark& mark);

// For a verification: the same, compared, parents before what is below them. One thread at a time.
class FolderComparison {
 public:
  // Each difference is named in `answer`, all else counted.
  void compare(const archive::Folder& folder, const groupware::Folder& here, const FolderMark& mark,
               archive::Answer& answer);

 private:
  // What a folder's path at the source was when it was followed, by what it is now: where a parent went says nothing of
  // what is below it.
  std::map<std::string, std::string> former_paths_;
};

}  // namespace kontor::importing
