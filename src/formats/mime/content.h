// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: what an entity's header says about its content, and a message's envelope.
#pragma once

#include <string>
#include <string_view>

#include "formats/mime/entity.h"

namespace kontor::mime {

// Fills type to languages of `entity` from its header; of fields of one name the first counts. With `in_digest` the
// default type is message/rfc822 (RFC 2046 section 5.1.5).
void read_content_fields(std::string_view header, bool in_digest, Entity& entity);

// RFC 9051 section 7.5.2; of date, subject and ids that are there twice the last (RFC 8621 section 4.1.3). Takes at
// most `addresses` addresses off and counts it down.
Envelope read_envelope(std::string_view header, std::uint32_t& addresses);

// Whether a type without parameters is one of message/rfc822 and message/global (RFC 6532).
bool is_message_type(const Entity& entity);

}  // namespace kontor::mime
