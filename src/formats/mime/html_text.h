// SPDX-License-Identifier: AGPL-3.0-or-later
// The text that a reader of HTML sees, without its layout.
#pragma once

#include <string>
#include <string_view>

namespace kontor::mime {

// `html` is UTF-8. Tags, comments and what is never shown (styles, scripts, the head) go; blocks and line breaks become
// a blank, runs of white space one; character references become their characters. Stops when `limit` bytes were found.
// Any text is taken; time is linear in it.
std::string html_text(std::string_view html, std::size_t limit);

}  // namespace kontor::mime
