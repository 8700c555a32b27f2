// SPDX-License-Identifier: AGPL-3.0-or-later
// One folder of a Maildir, read: which messages there are, with all that names, times and control files tell.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "migrate/maildir/folders.h"
#include "migrate/source.h"

namespace kontor::migrate {

struct MaildirMessage {
  std::string key;   // the base of the name; of files that share one, the later ones have "#2" and so on behind it
  std::string file;  // "cur/..." below the folder
  std::string letters;
  std::uint32_t uid = 0;
  std::string pop3_uidl, pop3_order, guid;
  bool is_seen_by_place = false;  // in cur
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
};

struct MaildirScan {
  std::vector<MaildirMessage> messages;  // in the order of their UIDs, or of arrival
  std::vector<std::string> keywords;     // of the letters "a" to "z"; empty where none
  std::uint32_t uid_validity = 0;        // 0 = no UIDs
  std::uint32_t uid_next = 0;
  bool times_are_doubtful = false;  // nearly all files were written in the same hour: by a copy, it seems
};

// A message that moves from new to cur meanwhile, or whose flags change, is there once. Errors: not_found, invalid.
Result<MaildirScan> scan_maildir(const MaildirPlace& place, const SourceFolder& folder);

// Where the files are now, below the folder, by key. Errors: not_found, invalid.
Result<std::unordered_map<std::string, std::string>> locate_messages(const MaildirPlace& place,
                                                                     const SourceFolder& folder);

// What stat() says of a folder's directories and control files: the same twice means that nothing happened in between,
// if `is_settled`: a directory changed within the last seconds may change again within the same tick of its clock.
struct MaildirStamp {
  std::string text;
  bool is_settled = false;
};
MaildirStamp maildir_stamp(const MaildirPlace& place, const SourceFolder& folder);

// The rule for doubtful times, apart from the disk; for tests. `modified` and `delivered` in seconds; the second is
// what names say, 0 if nothing.
struct FileTimes {
  std::int64_t modified = 0;
  std::int64_t delivered = 0;
};
bool are_times_doubtful(const std::vector<FileTimes>& files);

}  // namespace kontor::migrate
