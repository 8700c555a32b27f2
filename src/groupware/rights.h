// SPDX-License-Identifier: AGPL-3.0-or-later
// The caller of the core and its rights on a folder.
#pragma once

#include <cstdint>
#include <vector>

#include "base/id.h"

namespace kontor::groupware {

// One model for IMAP ACL (RFC 4314), DAV, JMAP, EWS and MAPI rights: a bit each.
namespace right {
constexpr std::uint32_t kSee = 1 << 0;           // l: the folder shows in lists
constexpr std::uint32_t kRead = 1 << 1;          // r: its items can be read
constexpr std::uint32_t kKeepSeen = 1 << 2;      // s: \Seen
constexpr std::uint32_t kWriteFlags = 1 << 3;    // w: other flags and keywords
constexpr std::uint32_t kInsert = 1 << 4;        // i: add items
constexpr std::uint32_t kPost = 1 << 5;          // p: deliver to it
constexpr std::uint32_t kCreateFolder = 1 << 6;  // k
constexpr std::uint32_t kDeleteFolder = 1 << 7;  // x
constexpr std::uint32_t kDeleteItems = 1 << 8;   // t: \Deleted
constexpr std::uint32_t kExpunge = 1 << 9;       // e
constexpr std::uint32_t kAdminister = 1 << 10;   // a
constexpr std::uint32_t kAll = (1 << 11) - 1;
}  // namespace right

// To whom a grant applies: a principal, or everyone in the tenant (principal 0).
struct Grant {
  PrincipalId principal;
  std::uint32_t rights = 0;
};

// Who calls. Made by a protocol after login, or system() for delivery, imports and administration. The groups that it
// is in are looked up at each call: whoever leaves one loses what it gave at once.
struct Caller {
  static Caller user(PrincipalId who) { return Caller{who, false}; }
  static Caller system() { return Caller{PrincipalId(), true}; }

  PrincipalId principal;
  bool is_system = false;
};

}  // namespace kontor::groupware
