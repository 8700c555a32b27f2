// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: files that hang on contacts and lists. vCard has no property for them; ours is kept by servers,
// and gives them back to whoever asks for the item as it was.
#pragma once

#include "formats/mapi/contact.h"

namespace kontor::mapi {

// X-KONTOR-ATTACH, with the data that the attachment has (PidTagAttachDataBinary) or the address that it is a link to;
// what has neither is named as lost.
void add_card_attachment(const Attachment& attachment, MadeCard& into);

}  // namespace kontor::mapi
