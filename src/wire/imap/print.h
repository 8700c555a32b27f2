// SPDX-License-Identifier: AGPL-3.0-or-later
// Strings and lists as a server or client prints them (RFC 3501 sections 4.3 and 9). All append to a buffer: a large
// answer is built without temporary strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::wire::imap {

// Quoted where the bytes allow it, else a literal. No string may have a NUL (CHAR8): it becomes a space. Not for the
// content of messages, which is written as it is.
void append_string(std::string& out, std::string_view text);
// As an atom where it can be one, else as a string.
void append_astring(std::string& out, std::string_view text);
// The same to a client that took UTF-8 up (RFC 6855 section 3): quoted strings may hold it.
void append_utf8_string(std::string& out, std::string_view text);
void append_utf8_astring(std::string& out, std::string_view text);
void append_number(std::string& out, std::uint64_t number);
inline std::string astring(std::string_view text) {
  std::string out;
  append_astring(out, text);
  return out;
}

// "\Seen \Flagged work": the bits of wire::imap::flag, then keywords; no parentheses. Returns whether it wrote any.
bool append_system_flags(std::string& out, std::uint8_t bits);

// Free text after OK, NO, BAD, BYE: control and 8-bit characters replaced, so that it stays one line.
std::string one_line(std::string_view text);

}  // namespace kontor::wire::imap
