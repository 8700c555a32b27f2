// SPDX-License-Identifier: AGPL-3.0-or-later
// POP3 commands (RFC 1939 section 3): a keyword and what follows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::wire::pop3 {

struct Command {
  std::string name;  // upper case; empty if the line does not begin with a keyword
  std::string args;  // everything behind the one space: a password may have spaces, also at its ends
};

// `line` without its CRLF. Takes any bytes.
Command parse_command(std::string_view line);

// One decimal number and nothing else; not above what fits.
std::optional<std::uint32_t> parse_number(std::string_view text);

// The arguments of TOP: a message's number, and how many lines of its body.
struct TopArguments {
  std::uint32_t message = 0;
  std::uint32_t lines = 0;
};
std::optional<TopArguments> parse_top(std::string_view text);

// RFC 1939 section 7: 1 to 70 characters from 0x21 to 0x7E.
bool is_unique_id(std::string_view text);

}  // namespace kontor::wire::pop3
