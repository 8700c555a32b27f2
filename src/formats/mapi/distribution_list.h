// SPDX-License-Identifier: AGPL-3.0-or-later
// Personal distribution lists ([MS-OXOCNTC] section 2.2.2) as vCards 4.0 of KIND:group.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "formats/mapi/contact.h"
#include "formats/mapi/entry_id.h"

namespace kontor::mapi {

// The SMTP address of somebody in a directory, or of a contact; "" if it is not known.
using AddressOf = std::function<std::string(const EntryId&)>;

// The properties of a list among the same user's items; nothing: there is none.
using ListOf = std::function<std::optional<Properties>(const EntryId&)>;

// Members by the address that stands in the list itself, else as `address_of` knows them. The members of lists within
// it are its own, each once: programs for mail know no list of lists. The list's own properties are kept whole: they
// have the names of members and lists. Members without an address are named as losses.
MadeCard group_card_of(const Message& list, std::string_view uid, const AddressOf& address_of,
                       const ListOf& list_of = {});

}  // namespace kontor::mapi
