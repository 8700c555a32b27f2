// SPDX-License-Identifier: AGPL-3.0-or-later
// Texts of a stored summary as people read them.
#pragma once

#include <string>
#include <string_view>

#include "formats/mime/summary_generated.h"

namespace kontor::groupware {

using AddressVector = flatbuffers::Vector<flatbuffers::Offset<mime::fb::Address>>;

// Empty for an absent text.
std::string_view view_of(const flatbuffers::String* text);

// All of a field, decoded, as a header shows them: `name <mailbox@host>, ...`. Empty for an absent field.
std::string spell_addresses(const AddressVector* addresses);

// What RFC 5256 sorts by: the mailbox of the first address. And RFC 5957: its display name, or else the address.
std::string first_mailbox(const AddressVector* addresses);
std::string first_display_name(const AddressVector* addresses);

}  // namespace kontor::groupware
