// SPDX-License-Identifier: AGPL-3.0-or-later
// What an item is in its folder beside its content: flags, keywords, its date, and the item properties that no standard
// format carries. docs/formats/mapi.md has their names and forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

// The bits of archive::Item::flags.
enum ItemFlag : std::uint8_t { kSeen = 1, kAnswered = 2, kFlagged = 4, kDraft = 8, kDeleted = 16 };

// What an item property may have in an archive is 64 KiB.
constexpr std::size_t kMostKept = 60 << 10;

struct ItemState {
  std::uint8_t flags = 0;
  std::vector<std::string> keywords;              // of IMAP: categories, $Forwarded, $MDNSent
  InternalDate date;                              // of its arrival
  bool date_is_guess = false;                     // it was sent, made or changed then, or nothing is known (1970)
  std::map<std::string, std::string> properties;  // "importance", "follow-up.due", ..., "mapi" as keep() has it
  std::vector<std::string> losses;                // sentences for a report
};

// Of mail. Linear in the properties; the same for the same properties.
ItemState mail_state(const Properties& message);

// As IMAP can have it (RFC 9051 "atom"), in at most 200 bytes: what is not ASCII in modified UTF-7, blanks and what no
// keyword can have as "_". "" if nothing is left.
std::string keyword_of(std::string_view category);

// Properties that every store makes for itself: ids, keys, counters, caches, who changed it last. Of no use elsewhere.
bool is_own_of_store(const Tag& tag);

// `rest` without those of the store, as keep() has it, in at most `most` bytes: the largest are left out first, each
// with a sentence.
std::string keep_within(const Properties& rest, std::vector<std::string>& losses, std::size_t most = kMostKept);

}  // namespace kontor::mapi
