// SPDX-License-Identifier: AGPL-3.0-or-later
// Asking the person at the terminal, and reading secrets from standard input.
#pragma once

#include <string>

#include "base/result.h"

namespace kontor::app {

// All of standard input, without the line end at its end. Errors: invalid (empty, or more than one line).
Result<std::string> read_stdin_line();

// Asks twice at the terminal, without echo. Errors: invalid (no terminal, or the two differ).
Result<std::string> ask_new_password();

// Asks at the terminal; where there is none, a script has decided already: true.
bool confirm(const std::string& question);

}  // namespace kontor::app
