// SPDX-License-Identifier: AGPL-3.0-or-later
// What an attachment is called in iCalendar and vCard.
#pragma once

#include <string>

#include "formats/mapi/property.h"

namespace kontor::mapi {

std::string attachment_name(const Attachment& attachment);  // of a message with ".eml"; "" if it has none
std::string attachment_type(const Attachment& attachment);  // a media type, always sound
// Where it is, for what is not in the item but refers to somewhere else; "".
std::string attachment_uri(const Attachment& attachment);

}  // namespace kontor::mapi
