// SPDX-License-Identifier: AGPL-3.0-or-later
// OAUTHBEARER (RFC 7628) and its forerunner XOAUTH2: a token of an identity provider in the place of a password.
#pragma once

#include <memory>

#include "login/mechanism.h"

namespace kontor::login {

enum class OauthForm : std::uint8_t { oauthbearer, xoauth2 };

// Whose the token is, if that principal may log in. Blocks. `around.tokens` is not null. Errors: as
// Directory::authenticate.
Result<directory::Principal> token_owner(const Surroundings& around, std::string_view token);

std::unique_ptr<Mechanism> make_oauth(OauthForm form, const Surroundings& around);

}  // namespace kontor::login
