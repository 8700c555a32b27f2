// SPDX-License-Identifier: AGPL-3.0-or-later
// ENVELOPE, BODY and BODYSTRUCTURE from a message's summary (RFC 3501 section 7.4.2), appended to a buffer.
#pragma once

#include <string>

#include "formats/mime/summary_generated.h"

namespace kontor::wire::imap {

// Sender and Reply-To that are absent are the From.
void append_envelope(std::string& out, const mime::fb::Envelope* envelope);

enum class BodyForm : std::uint8_t { plain, extended };  // BODY, BODYSTRUCTURE
void append_body(std::string& out, const mime::fb::Entity& entity, BodyForm form);

}  // namespace kontor::wire::imap
