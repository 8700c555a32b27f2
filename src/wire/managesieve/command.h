// SPDX-License-Identifier: AGPL-3.0-or-later
// Commands of ManageSieve (RFC 5804 section 2): what each takes.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "wire/managesieve/request.h"

namespace kontor::wire::managesieve {

enum class Verb : std::uint8_t {
  authenticate,
  starttls,
  logout,
  capability,
  havespace,
  putscript,
  listscripts,
  setactive,
  getscript,
  deletescript,
  renamescript,
  checkscript,
  noop,
  unauthenticate,
};
std::string_view name(Verb verb);

struct Command {
  Verb verb = Verb::noop;
  std::string name;                   // of a script; AUTHENTICATE: the mechanism, in upper case; empty for SETACTIVE ""
  std::string new_name;               // RENAMESCRIPT
  std::string script;                 // PUTSCRIPT, CHECKSCRIPT
  std::uint64_t size = 0;             // HAVESPACE
  std::optional<std::string> text{};  // AUTHENTICATE: the initial response, in base64; NOOP: what comes back as TAG
};

// The command, or the sentence that refuses it.
std::expected<Command, std::string> parse_command(Request request);

}  // namespace kontor::wire::managesieve
