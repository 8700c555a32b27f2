// SPDX-License-Identifier: AGPL-3.0-or-later
// Asks the identity provider whose a token is (RFC 7662).
#pragma once

#include <string>
#include <string_view>

#include "login/tokens.h"

namespace kontor::login {

// Blocks up to the options' timeout. `secret`: of the client, for HTTP Basic. Errors: as Tokens::user_of.
Result<std::string> introspect(const OauthOptions& options, const std::string& secret, std::string_view token,
                               Instant now);

// What an answer says. Errors: denied, unavailable (it is no answer of RFC 7662).
Result<std::string> read_introspection(std::string_view answer, const OauthOptions& options, Instant now);

}  // namespace kontor::login
