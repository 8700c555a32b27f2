// SPDX-License-Identifier: AGPL-3.0-or-later
// Which folders a command means (RFC 5465 section 8, RFC 7377 section 2.2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/imap/cursor.h"

namespace kontor::wire::imap {

struct MailboxFilter {
  enum class Kind : std::uint8_t { selected, inboxes, personal, subscribed, subtree, subtree_one, mailboxes };
  static constexpr std::size_t kMaxFilters = 100;
  static constexpr std::size_t kMaxNames = 1000;  // of one filter

  Kind kind = Kind::selected;
  std::vector<std::string> names;  // of the last three, as they came
};

// "inboxes (subtree work)": one or more, up to what is no filter.
std::vector<MailboxFilter> parse_mailbox_filters(Cursor& in);

}  // namespace kontor::wire::imap
