// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: an outcome's actions within the account, as part of one commit.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "directory/directory.h"
#include "formats/sieve/outcome.h"
#include "groupware/account.h"
#include "groupware/content.h"

namespace kontor::groupware {

// The folder for junk for what is junk; the folder of a sub-address where its owner lets everyone post to it; else the
// inbox.
FolderId delivery_folder(const FolderTable& folders, const std::string& detail, bool is_junk);

struct Filed;
struct Incoming;

// What is noted of a message in the commit that files it: for its group, and for the scheduler.
Result<void> note_filed(Transaction& transaction, const Incoming& incoming, Filed& filed, Instant now);

struct FiledCopies {
  std::optional<ItemId> item;           // of one of them
  std::vector<std::string> complaints;  // for the script's owner: what could not be done as it asks
};

// Files the message as keep and fileinto say; `editions` are those of the outcome. What has no folder goes into the
// inbox. Errors: over_quota, unavailable: then nothing may be committed.
Result<FiledCopies> file_copies(Transaction& transaction, AccountId account, const sieve::Outcome& outcome,
                                const StagedContent& content, const std::vector<StagedContent>& editions,
                                const std::string& detail, bool is_junk);

}  // namespace kontor::groupware
