// SPDX-License-Identifier: AGPL-3.0-or-later
// What STATUS and LIST's STATUS option ask for (RFC 3501 section 6.3.10 and the RFCs named below).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/imap/cursor.h"

namespace kontor::wire::imap {

enum class StatusItem : std::uint8_t {
  messages,
  recent,
  uid_next,
  uid_validity,
  unseen,
  highest_modseq,   // RFC 7162 section 3.1.7
  size,             // RFC 8438
  deleted,          // RFC 9051 section 6.3.11
  mailbox_id,       // RFC 8474 section 4.3
  deleted_storage,  // RFC 9208 section 4.1.4
  append_limit,     // RFC 7889 section 3
};
std::string_view name(StatusItem item);

// "(MESSAGES UNSEEN)": at least one, each kept once.
std::vector<StatusItem> parse_status_items(Cursor& in);

}  // namespace kontor::wire::imap
