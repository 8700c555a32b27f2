// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the names of one session lead: into its own account, or into one that others share with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "groupware/account.h"

namespace kontor::imap {

// An account and the path of a folder in it, which need not exist. An empty path is the account's root.
struct Mailbox {
  bool is_own() const { return prefix.empty(); }
  std::string name() const { return prefix + path; }  // as the session's client knows it, in UTF-8

  std::shared_ptr<groupware::Account> account;
  std::string prefix;  // before the names of the account's folders: empty for the session's own account
  std::string path;
};

// Holds no account but the session's own: others live as long as somebody holds their Mailbox. One thread at a time.
class Mailboxes {
 public:
  explicit Mailboxes(std::shared_ptr<groupware::Account> own);

  // Whether at() answers without blocking.
  bool is_at_hand(std::string_view path) const;
  // Where a name leads (see path_from_wire). May block. Errors: not_found (no account of that name shows anything to
  // this session), unavailable.
  Result<Mailbox> at(std::string_view path) const;
  // The roots of all accounts whose folders show to this session, its own first. Blocks. Errors: unavailable.
  Result<std::vector<Mailbox>> roots() const;

 private:
  std::shared_ptr<groupware::Account> own_;
};

}  // namespace kontor::imap
