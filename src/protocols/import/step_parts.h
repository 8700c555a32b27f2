// SPDX-License-Identifier: AGPL-3.0-or-later
// Inside protocols/import: what becomes of a step's item here, and how it stands in the ledger.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "groupware/account.h"
#include "protocols/import/batch.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {

// Flags as they can be held here; how many keywords had to be rewritten.
groupware::FlagNames sound_flags(const archive::Item& item, std::uint64_t& rewritten);
// As it is when its content is the step's.
ItemMark mark_of(const Step& step, FolderId folder);
// An item's filing: in `preferred` if it is there.
const groupware::Filing* filing_of(const groupware::Item& item, FolderId preferred);
// Merges the source's flags, properties and date into the item.
Result<bool> merge_into(groupware::Transaction& transaction, const groupware::Item& item,
                        const groupware::Filing& filing, const ItemMark& base, const archive::Item& source,
                        std::uint64_t& rewritten);
// With those that come with the content; empty ones are none.
std::map<std::string, std::string> all_properties(const archive::Item& item);
// A name that nothing else in the folder has, as near as can be to the source's. Empty: the source says none.
std::string free_name(const groupware::Transaction& transaction, FolderId folder, const std::string& wanted,
                      std::uint64_t& rewritten);
// Names what was taken though nobody could understand it.
void tell_damage(const Step& step, archive::Answer& answer);
// Bytes that come with the step.
std::uint64_t bytes_of(const Step& step);

}  // namespace kontor::importing
