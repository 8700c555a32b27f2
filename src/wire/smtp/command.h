// SPDX-License-Identifier: AGPL-3.0-or-later
// Commands of SMTP (RFC 5321) and LMTP (RFC 2033) with SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531), CHUNKING and
// BINARYMIME (3030), STARTTLS (3207) and AUTH (4954): one line of text to one value.
//
// Tolerant where real senders are sloppy (blanks around a path, no angle brackets, odd dots, unknown parameters are for
// the session to judge), strict where sloppiness is used to attack: control characters and line ends inside a line are
// refused.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/smtp/path.h"
#include "wire/smtp/reply.h"

namespace kontor::wire::smtp {

enum class Verb : std::uint8_t {
  lhlo,
  ehlo,
  helo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  help,
  quit,
  starttls,
  auth
};
std::string_view name(Verb verb);  // "LHLO"

enum class Body : std::uint8_t { seven_bit, eight_bit, binary };

// A parameter of MAIL or RCPT that this parser gives no meaning to.
struct Parameter {
  bool operator==(const Parameter&) const = default;
  std::string keyword;  // upper case
  std::optional<std::string> value;
};

struct Command {
  bool operator==(const Command&) const = default;

  Verb verb = Verb::noop;
  std::string text;                   // HELO, EHLO, LHLO: the client's name; VRFY, NOOP, HELP, AUTH: the rest
  Path path;                          // MAIL, RCPT
  std::optional<std::uint64_t> size;  // MAIL SIZE=
  Body body = Body::seven_bit;        // MAIL BODY=
  bool is_utf8 = false;               // MAIL SMTPUTF8
  std::vector<Parameter> unknown;     // MAIL, RCPT
  std::uint64_t chunk = 0;            // BDAT
  bool is_last = false;               // BDAT ... LAST
};

// `line` is without its CRLF. On failure: the reply to send (500 or 501 with an enhanced code).
std::expected<Command, Reply> parse_command(std::string_view line);

// The line without CRLF, for clients and tests; parse_command reads it back.
std::string print(const Command& command);

}  // namespace kontor::wire::smtp
