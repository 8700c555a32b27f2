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
std::string_view name(Kind kind);  // "calendar"
std::optional<Kind> parse_kind(std::string_view text);

// RFC 6154 and RFC 8621 roles; at most one folder of an account has each of them.
// The last five are the default folders of the other kinds.
enum class FolderRole : std::uint8_t {
  none,
  inbox,
  sent,
  drafts,
  trash,
  junk,
  archive,
  all,
  flagged,
  important,
  calendar,
  contacts,
  tasks,
  notes,
  files
};
std::string_view name(FolderRole role);  // "sent"
std::optional<FolderRole> parse_folder_role(std::string_view text);
// The kind of folders that may have the role; nothing of `none`.
std::optional<Kind> kind_of(FolderRole role);
// The role of the default folder of a kind; the inbox for mail.
FolderRole default_role(Kind kind);
// Items of calendars, contacts, tasks and notes: those that have a UID of their own and are derived from.
constexpr bool is_described(Kind kind) { return kind != Kind::mail && kind != Kind::files; }
// Which items a folder takes: each its own kind; a calendar, a task list and a notebook take one another's.
bool takes(Kind folder, Kind item);

// Names are UTF-8 (NFC), 1 to 255 bytes, without "/", control characters or outer blanks; unique among siblings of
// mail and among siblings of all other kinds: a calendar may be beside a mail folder of its name. Only mail and files
// nest, each in its own kind. The inbox is the root folder whose name compares equal to INBOX without case.
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
  // When alarms of its items ring stands in the index of times: not in folders of an earlier version, until
  // `kontor check --repair` has put it there.
  bool notes_rings = false;
};

// Immutable; shared by everyone who reads the account at this moment.
class FolderTable {
 public:
  using Pointer = std::shared_ptr<const Folder>;

  explicit FolderTable(std::vector<Pointer> folders = {});

  const std::vector<Pointer>& all() const { return folders_; }  // by id
  Pointer find(FolderId id) const;                              // null if there is none
  // Among mail folders or, for any other kind, among all that are none. The name is exact; "INBOX" in any case at the
  // root.
  Pointer child(FolderId parent, std::string_view name, Kind kind = Kind::mail) const;
  Pointer by_role(FolderRole role) const;
  // "Projects/2024": names from the root, joined by "/". The path of an absent folder is empty.
  std::string path(FolderId id) const;
  Pointer at_path(std::string_view path, Kind kind = Kind::mail) const;
  // Among mail folders, else among the others: for people who name a folder.
  Pointer at_any_path(std::string_view path) const;
  std::vector<Pointer> children(FolderId parent) const;

 private:
  std::vector<Pointer> folders_;
};

// The folder's name for programs (RFC 8474's MAILBOXID): stays through renames.
std::string mailbox_id(AccountId account, FolderId folder);

// Subscriptions to names that are no folder (RFC 9051 section 6.3.7) are kept per account: see
// Reader::other_subscriptions.

}  // namespace kontor::groupware
