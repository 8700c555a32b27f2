// SPDX-License-Identifier: AGPL-3.0-or-later
// From the text of one complete response, whose literals lie apart, to a value. Used by ResponseParser alone.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "wire/imap/response.h"

namespace kontor::wire::imap::client {

// `text` has no line end at its end; each literal in it is "{size}" CRLF and its content is the next of `literals`.
// Always gives something: what is not understood becomes Other.
Response parse_response(std::string_view text, std::span<const std::string> literals, std::size_t depth);

// What is known of a message whose FETCH response was received up to the literal of its content.
Fetch parse_fetch_start(std::string_view text, std::span<const std::string> literals, std::size_t depth);

// Whether the literal that `text` ends with ("... BODY[] {123}") is a message's content.
bool ends_with_body(std::string_view text);

// Whether the line is a status response, a continuation or tagged: such have no literals.
bool is_status_line(std::string_view text);

}  // namespace kontor::wire::imap::client
