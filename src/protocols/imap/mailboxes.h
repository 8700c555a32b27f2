// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the names of one session lead: into its own account, or into one that shows folders to it.
//
//   INBOX, Projects/2024                        the session's own account
//   Other Users/ben@example.org/INBOX           a person's, room's or equipment's, by its primary or another address
//   Shared Folders/desk@example.org/INBOX       a shared mailbox's, the public folders of a tenant among them
//
// In an address that is part of a name, "%" and "/" are written "%25" and "%2F". A folder of the session's own may be
// called "Other Users" (imports bring such): only names with an address behind it lead elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"
#include "groupware/accounts.h"

namespace kontor::imap {

inline constexpr std::string_view kOtherUsers = "Other Users";
inline constexpr std::string_view kSharedFolders = "Shared Folders";

// An account and the path of a folder in it, which need not exist. An empty path is the account's root.
struct Mailbox {
  bool is_own() const { return prefix.empty(); }
  std::string name() const { return prefix + path; }  // as the session's client knows it, in UTF-8

  std::shared_ptr<groupware::Account> account;
  std::string prefix;  // before the names of the account's folders: empty for the session's own account
  std::string path;
  bool is_member = false;  // of the shared mailbox whose account it is
};

// Holds no account but the session's own: others live as long as somebody holds their Mailbox. One thread at a time.
class Mailboxes {
 public:
  // Whether names that begin so matter.
  using Matters = std::function<bool(std::string_view prefix)>;

  // Both services must outlive it.
  Mailboxes(groupware::Accounts& accounts, directory::Directory& directory, groupware::Caller caller,
            std::shared_ptr<groupware::Account> own);

  // Whether at() answers without blocking.
  bool is_at_hand(std::string_view path) const;
  // Where a name leads (see path_from_wire). May block. Errors: not_found (no account of that name shows anything to
  // this session), unavailable.
  Result<Mailbox> at(std::string_view path) const;
  // The roots of the accounts that show folders to this session, its own first; of the others those whose prefix
  // matters, and no more than a thousand. Blocks. Errors: unavailable.
  Result<std::vector<Mailbox>> roots(const Matters& matters = [](std::string_view) { return true; }) const;

 private:
  Result<Mailbox> open(const directory::Principal& owner, std::string prefix) const;

  groupware::Accounts& accounts_;
  directory::Directory& directory_;
  groupware::Caller caller_;
  std::shared_ptr<groupware::Account> own_;
};

// Whether a folder of the session's own account that is made now may have that name.
bool is_reserved(std::string_view path);

// As part of a name, and back. Nothing if it is no address.
std::string segment_of_address(std::string_view address);
std::string address_of_segment(std::string_view segment);

}  // namespace kontor::imap
