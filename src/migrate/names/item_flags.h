// SPDX-License-Identifier: AGPL-3.0-or-later
// Flags and keywords as sources say them, to flags and keywords as we keep them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrate/source.h"

namespace kontor::migrate {

// The bits of SourceItem::flags; groupware::Flag has the same.
constexpr std::uint8_t kItemSeen = 1;
constexpr std::uint8_t kItemAnswered = 2;
constexpr std::uint8_t kItemFlagged = 4;
constexpr std::uint8_t kItemDraft = 8;
constexpr std::uint8_t kItemDeleted = 16;

// One word of an IMAP FLAGS list, into `item`. \Recent is nobody's business; other names with a backslash that IMAP
// does not have are renamed where we know what is meant ("\Forwarded") or else noted in the property
// "imap.other-flags".
void add_imap_flag(SourceItem& item, std::string_view name);

// Without doubles (any case), and with characters that no keyword can have replaced by "_". Empty ones are left out.
void add_keyword(SourceItem& item, std::string_view name);

}  // namespace kontor::migrate
