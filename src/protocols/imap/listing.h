// SPDX-License-Identifier: AGPL-3.0-or-later
// All names that show to a session, with what LIST and LSUB tell of each.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "groupware/account.h"
#include "protocols/imap/mailboxes.h"
#include "protocols/imap/names.h"
#include "wire/imap/list_pattern.h"

namespace kontor::imap {

struct Listed {
  // Nothing but a place in the tree: it does not exist, or one may not know of it, but names below it show.
  bool exists() const { return folder != FolderId(); }
  bool is_selectable() const { return exists() && !is_container; }

  std::shared_ptr<groupware::Account> account;  // null if it does not exist
  FolderId folder;
  bool is_container = false;
  bool is_subscribed = false;
  bool has_children = false;
  groupware::FolderRole role = groupware::FolderRole::none;
  std::uint32_t rights = 0;
};

// Ordered by name, the inbox first.
struct NameOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    return std::pair(a != "INBOX", std::string_view(a)) < std::pair(b != "INBOX", std::string_view(b));
  }
};
using Listing = std::map<std::string, Listed, NameOrder>;  // by name on the wire

// Blocks. Every name above another one is there, too. Subscribed names that lead nowhere are there, and do not exist.
// Accounts of others are looked into where one of the patterns may match names there; without patterns into all.
Result<Listing> list_names(const Mailboxes& mailboxes, groupware::Account& own, const groupware::Caller& caller,
                           NameForm form, std::span<const wire::imap::ListPattern> patterns = {});

// Of one folder, as LIST tells it.
std::string attributes_of(const groupware::Reader& reader, const groupware::Folder& folder, const Mailbox& place);

// "* LIST (...) "/" name", with OLDNAME if there is one (RFC 9051 section 6.3.9.7). Names as on the wire.
void append_list_line(std::string& out, std::string_view attributes, const std::string& name, NameForm form,
                      const std::string& old_name = {});

// The attribute of RFC 6154; empty if the role has none.
std::string_view special_use(groupware::FolderRole role);

// The role that such an attribute names; nothing if there is none, or none that a folder can be given.
std::optional<groupware::FolderRole> role_of_special_use(std::string_view attribute);

}  // namespace kontor::imap
