// SPDX-License-Identifier: AGPL-3.0-or-later
// Which mbox files there are in a directory, and what folders they are: Thunderbird profiles ("Folder" beside
// "Folder.sbd/"), Apple Mail exports ("Folder.mbox/mbox"), plain trees of mbox files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// A folder's key is its file below the root, or "." if the root itself is the file. `login` tells what a spool file is
// called. Errors: not_found, invalid.
Result<std::vector<SourceFolder>> find_mbox_folders(const std::string& root, std::string_view login,
                                                    NameEncoding names);

// Gmail Takeout: one file for all messages, each with its labels. The one folder that a message goes to, the keywords
// for the other labels, and the flags that labels stand for.
struct LabelPlace {
  std::vector<std::string> path;
  std::string role;
  bool is_inbox = false;
};
LabelPlace place_labels(const std::vector<std::string>& labels, bool has_status, SourceItem& item);

}  // namespace kontor::migrate
