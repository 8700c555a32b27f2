// SPDX-License-Identifier: AGPL-3.0-or-later
// What is in a folder: keys, UIDs, flags, dates and fingerprints of its messages, without their contents.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/mapi/tags.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/folder_digest.h"
#include "migrate/kopano/names.h"
#include "migrate/kopano/tree.h"
#include "migrate/kopano/value.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// An item's key is its source key (hex), which it keeps when its store moves to another server; "#" and its id if it
// has none. Its fingerprint is made of its change key and time of modification, which every client and server of Kopano
// gives anew to what it saves, attachments and recipients included, and of the subject, size and class, which show
// where somebody did not.
//
// A folder's state is a digest, in parts, of all rows that are listed (folder_digest.h), which the database makes: a
// folder where nothing happened costs a scan where the rows are, and of a folder of mail where something did, only the
// parts in which it happened are listed.
//
// By these an item has a UID of its own.
constexpr mapi::Tag kUidTags[] = {mapi::tag::kGlobalObjectId, mapi::tag::kCleanGlobalObjectId, mapi::tag::kCalDavUid};

class Lister {
 public:
  // `doubles`: gets the keys of items whose UID of iCalendar or vCard another one of their folder has, which was listed
  // before them. Here a UID is in a folder once.
  Lister(Database& database, const Names& names, std::set<std::string>& doubles);

  Result<FolderPass> list(const FolderNode& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit);
  // SourceSession::keys().
  Result<void> keys(const FolderNode& folder, const std::function<void(std::string_view)>& visit);

 private:
  struct Listed {
    std::uint32_t id = 0, uid = 0;
  };
  // The folder's rows, or those of some of its parts.
  struct Range {
    const FolderNode& folder;
    std::vector<std::uint32_t> parts = {};
  };
  Result<FolderDigest> digest_of(const FolderNode& folder);
  Result<bool> only_came(const Range& changed, const FolderDigest& before, const FolderDigest& now);
  Result<std::vector<Listed>> ids_of(const Range& range);
  Result<void> visit_all(const Range& range, const std::function<Result<void>(const SourceItem&)>& visit);
  static std::string rows_of(const Range& range);
  Result<void> visit_part(const FolderNode& folder, std::span<const Listed> part,
                          const std::function<Result<void>(const SourceItem&)>& visit);

  Database& database_;
  const ValueReader values_;
  std::string numbers_, element_numbers_, uid_numbers_;          // of what is listed, for statements
  std::set<std::string> uids_;                                   // of the folder that is being listed
  const std::vector<std::pair<std::uint32_t, unsigned>> texts_;  // numbers and types of those in a digest
  std::set<std::string>& doubles_;
};

// The ids of items by their keys; those that are gone have none.
Result<std::map<std::string, std::uint32_t>> ids_of_keys(Database& database, const std::vector<std::string>& keys);

}  // namespace kontor::migrate::kopano
