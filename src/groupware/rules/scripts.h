// SPDX-License-Identifier: AGPL-3.0-or-later
// Which Sieve scripts can be run when mail is delivered here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/sieve/compile.h"
#include "groupware/account.h"

namespace kontor::groupware {

// Whether scripts may send mail: forwards, automatic answers, notifications.
enum class Sending : std::uint8_t { no, yes };

// Of this server.
constexpr Sending kServerSends = Sending::yes;

// What "require" may name; ManageSieve announces it.
sieve::Capabilities script_capabilities(Sending sending);

// Scripts that send are refused where there is no way to.
sieve::Compiled compile_script(std::string_view text, Sending sending);

// What may be meant otherwise in a sound script: folders and scripts that it names, and that are not there. A sentence
// each. Errors: denied.
Result<std::vector<std::string>> script_warnings(const sieve::Program& program, const Reader& reader);

}  // namespace kontor::groupware
