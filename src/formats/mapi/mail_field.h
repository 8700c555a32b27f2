// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: header fields as they are written (RFC 5322, RFC 2047, RFC 2231), each with its line end,
// folded where it is long. What goes in is UTF-8 and may hold anything; what comes out has no other line than its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "formats/mapi/mailbox.h"

namespace kontor::mapi {

// Unstructured: encoded-words where it is not ASCII, has a word too long for a line, or looks like one of them.
std::string text_field(std::string_view name, std::string_view text);
// Mailboxes; somebody without an address is a group without members ("Team:;"), so that his name is not lost. "" of
// nobody.
std::string people_field(std::string_view name, const std::vector<Mailbox>& people);
// Structured and ASCII: ids, words, what a field was already. Broken at blanks.
std::string plain_field(std::string_view name, std::string_view value);
std::string date_field(std::string_view name, Instant at);
// "; name=value" with a fold before it, by RFC 2231 where that is needed.
std::string parameter(std::string_view name, std::string_view value);

}  // namespace kontor::mapi
