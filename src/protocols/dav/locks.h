// SPDX-License-Identifier: AGPL-3.0-or-later
// Write locks (RFC 4918 sections 6 and 7). A folder's locks and those of its items are shared annotations of the
// folder: they are in the account's own commits, so they are there after a restart, go with their folder, and whoever
// changes something sees them in the same commit that changes it. One that has ended counts no more, and is taken away
// with the next change of the folder's locks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocols/dav/resource.h"
#include "wire/dav/if_header.h"
#include "wire/dav/properties.h"

namespace kontor::dav {

struct Lock {
  std::string token;  // "urn:uuid:..."
  FolderId folder;
  std::string name;  // of the item; empty: the folder itself
  bool is_deep = false;
  bool is_exclusive = true;
  std::string owner;  // DAV:owner as XML; may be empty
  PrincipalId by;
  Instant until{};
};

// How a resource is to be changed.
enum class Touch : std::uint8_t {
  itself,  // its content or properties
  name,    // it comes or goes: that changes its collection too, and of a folder all that is below
};

// Locks of the resource itself, and deep ones of what it is in. Of an absent name: what would lock it.
Outcome<std::vector<Lock>> locks_on(const groupware::Reader& reader, const Resource& resource, Instant now);
// All that is locked below a folder, and in it.
Outcome<std::vector<Lock>> locks_below(const groupware::Reader& reader, FolderId folder, Instant now);

// That the caller submitted the tokens of all locks in the way, and that they are its own. Errors: 423
// lock-token-submitted.
Outcome<void> check_locks(Context& context, const groupware::Reader& reader, const Resource& resource, Touch touch);

// The request's conditions: If-Match, If-None-Match, If-Unmodified-Since, If-Modified-Since and If. Of a write `reader`
// is its transaction, so that nothing can change in between. Errors: 412, 304, 400.
Outcome<void> check_conditions(Context& context, const groupware::Reader& reader, const Resource& resource);
// Of what lies in no account; the same but for If, as nothing there is locked.
Outcome<void> check_conditions(Context& context, const Special& special);

Outcome<void> store_lock(groupware::Transaction& transaction, const Lock& lock, Instant now);
Outcome<void> remove_lock(groupware::Transaction& transaction, const Lock& lock);
// With an item that goes away or gets another name, and with a folder that is moved: locks stay behind (section 7.5).
Outcome<void> drop_locks(groupware::Transaction& transaction, FolderId folder, std::string_view item);

// DAV:activelock for each; `resource` is the one that they are on.
void print_locks(Context& context, const Resource& resource, const std::vector<Lock>& locks, xml::Printer& out);

}  // namespace kontor::dav
