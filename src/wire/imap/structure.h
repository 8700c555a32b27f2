// SPDX-License-Identifier: AGPL-3.0-or-later
// ENVELOPE, BODY and BODYSTRUCTURE from a message's summary (RFC 3501 section 7.4.2), appended to a buffer.
#pragma once

#include <string>

#include "formats/mime/summary_generated.h"

namespace kontor::wire::imap {

// Sender and Reply-To that are absent are the From.
void append_envelope(std::string& out, const mime::fb::Envelope* envelope);

// BODY, BODYSTRUCTURE, and BODYSTRUCTURE with parameters as RFC 2231 means them: IMAP4rev1 shows their pieces,
// IMAP4rev2 (RFC 9051 section 7.5.2) "name" for "name*0" and "name*1", and "name*" in UTF-8 for what names a charset.
enum class BodyForm : std::uint8_t { plain, extended, decoded };
void append_body(std::string& out, const mime::fb::Entity& entity, BodyForm form);

}  // namespace kontor::wire::imap
