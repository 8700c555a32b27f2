// SPDX-License-Identifier: AGPL-3.0-or-later
// The folders of a Maildir: Maildir++ (".A.B" in the root) or real directories ("A/B").
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

struct MaildirPlace {
  std::string root;
  std::string control_root;  // of Dovecot's files; may be the same
};

// A folder's key is its directory below the root ("" for the inbox is kept as "INBOX"). Errors: not_found, invalid.
struct MaildirFolders {
  std::vector<SourceFolder> folders;
  std::vector<SourcePath> other_subscriptions;  // to what is none of them
};
Result<MaildirFolders> read_maildir_folders(const MaildirPlace& place, const SourceOptions& options);

// Where a folder's messages lie, and where its control files do (the first of both places that has them).
std::string maildir_path(const std::string& root, const SourceFolder& folder);
// The path of a control file, in the folder's directory or the control place's; empty if there is none.
std::string control_file(const MaildirPlace& place, const SourceFolder& folder, const std::string& name);

}  // namespace kontor::migrate
