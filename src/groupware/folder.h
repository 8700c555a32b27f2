// SPDX-License-Identifier: AGPL-3.0-or-later
// A folder, and all folders of an account at one moment.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "groupware/rights.h"

namespace kontor::groupware {

enum class Kind : std::uint8_t { mail, calendar, contacts, tasks, notes, files };

// RFC 6154 and RFC 8621 roles; at most one folder of an account has each of them.
enum class FolderRole : std::uint8_t { none, inbox, sent, drafts, trash, junk, archive, all, flagged, important };
std::string_view name(FolderRole role);  // "sent"
std::optional<FolderRole> parse_folder_role(std::string_view text);

// Names are UTF-8 (NFC), 1 to 255 bytes, without "/", control characters or outer blanks; unique among siblings, and
// the inbox is the root folder whose name compares equal to INBOX without case.
struct Folder {
  FolderId id;
  FolderId parent;  // 0 = at the root
  std::string name;
  Kind kind = Kind::mail;
  FolderRole role = FolderRole::none;
  bool subscribed = true;
  bool is_container = false;  // holds folders only (\NoSelect); was deleted while it had children, or imported so
  UidValidity uid_validity;   // never 0; changes only while the folder never had an item
  Uid next_uid{1};
  Uid first_recent{1};  // messages from this UID on were not yet shown as \Recent
  Modseq created;
  Modseq highest;  // of any change to its items (RFC 7162 HIGHESTMODSEQ); at least `created`
  std::uint32_t total = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  std::uint64_t bytes = 0;
  std::vector<Grant> grants;  // the owner has all rights without one
  std::string colour;
  std::string description;
  std::map<std::string, std::string> properties;  // of protocols and sources, kept as they are
};

// Immutable; shared by everyone who reads the account at this moment.
class FolderTable {
 public:
  using Pointer = std::shared_ptr<const Folder>;

  explicit FolderTable(std::vector<Pointer> folders = {});

  const std::vector<Pointer>& all() const { return folders_; }  // by id
  Pointer find(FolderId id) const;                              // null if there is none
  Pointer child(FolderId parent, std::string_view name) const;  // exact name; "INBOX" in any case at the root
  Pointer by_role(FolderRole role) const;
  // "Projects/2024": names from the root, joined by "/". The path of an absent folder is empty.
  std::string path(FolderId id) const;
  Pointer at_path(std::string_view path) const;
  std::vector<Pointer> children(FolderId parent) const;

 private:
  std::vector<Pointer> folders_;
};

// The folder's name for programs (RFC 8474's MAILBOXID): stays through renames.
std::string mailbox_id(AccountId account, FolderId folder);

// Subscriptions to names that are no folder (RFC 9051 section 6.3.7) are kept per account: see
// Reader::other_subscriptions.

}  // namespace kontor::groupware
