// SPDX-License-Identifier: AGPL-3.0-or-later
// The caller of the core and its rights on a folder.
//
// A folder's grants add up: whoever has one for itself, one for a group and one for everyone has what they say
// together. There are no negative rights. A new folder begins with the grants of the folder that it is made in. The
// account's owner has all rights without a grant; the members of a shared mailbox have what their role says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace kontor::groupware {

// One model for IMAP ACL (RFC 4314), DAV, JMAP, EWS and MAPI rights: a bit each, which is stored. The letters are those
// of RFC 4314.
namespace right {
constexpr std::uint32_t kSee = 1 << 0;               // l: the folder shows in lists
constexpr std::uint32_t kRead = 1 << 1;              // r: its items can be read
constexpr std::uint32_t kKeepSeen = 1 << 2;          // s: \Seen
constexpr std::uint32_t kWriteFlags = 1 << 3;        // w: other flags and keywords
constexpr std::uint32_t kInsert = 1 << 4;            // i: add items
constexpr std::uint32_t kPost = 1 << 5;              // p: deliver to it
constexpr std::uint32_t kCreateFolder = 1 << 6;      // k
constexpr std::uint32_t kDeleteFolder = 1 << 7;      // x
constexpr std::uint32_t kDeleteItems = 1 << 8;       // t: \Deleted
constexpr std::uint32_t kExpunge = 1 << 9;           // e
constexpr std::uint32_t kAdminister = 1 << 10;       // a
constexpr std::uint32_t kFreeBusy = 1 << 11;         // of a calendar: when its owner is busy
constexpr std::uint32_t kFreeBusyDetails = 1 << 12;  // and with what, and where
constexpr std::uint32_t kReadPrivate = 1 << 13;      // items that their owner marked private or confidential
constexpr std::uint32_t kAll = (1 << 14) - 1;

// Whoever has one of these sees that the folder is there.
constexpr std::uint32_t kShowing = kSee | kRead | kInsert;
constexpr std::uint32_t kReader = kSee | kRead | kFreeBusy | kFreeBusyDetails;
// Of what is in a folder: that it goes as a whole is its owner's to say, as in Exchange and Kopano.
constexpr std::uint32_t kEditor = kAll & ~(kAdminister | kReadPrivate | kDeleteFolder);
// Who edits in the owner's place: members of shared mailboxes, and delegates.
constexpr std::uint32_t kSteward = kEditor | kDeleteFolder;

// "lrswipkxtea", in this order; the rights that have no letter are left out.
std::string letters(std::uint32_t rights);
// Nothing if a character is no right's letter. "c" and "d" of RFC 2086 mean what RFC 4314 section 2.1.1 says.
std::optional<std::uint32_t> of_letters(std::string_view text);
}  // namespace right

// To whom a grant applies: a principal, or everyone in the tenant (principal 0).
struct Grant {
  PrincipalId principal;
  std::uint32_t rights = 0;

  bool operator==(const Grant&) const = default;
};
constexpr std::size_t kGrantsPerFolder = 1000;

// As they are stored: ordered by principal, each once, with the rights of all its grants, none without rights.
std::vector<Grant> in_order(std::vector<Grant> grants);
// What one principal is granted by name; 0 = everyone.
std::uint32_t granted_to(const std::vector<Grant>& grants, PrincipalId principal);

// Who calls. Made by a protocol after login, or system() for delivery, imports and administration. The groups that it
// is in are looked up at each call: whoever leaves one loses what it gave at once.
struct Caller {
  static Caller user(PrincipalId who) { return Caller{who, false}; }
  static Caller system() { return Caller{PrincipalId(), true}; }

  PrincipalId principal;
  bool is_system = false;
  std::uint64_t session = 0;  // given back in notices of its own changes; 0 = none in particular
};

}  // namespace kontor::groupware
