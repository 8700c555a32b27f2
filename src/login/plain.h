// SPDX-License-Identifier: AGPL-3.0-or-later
// The mechanisms that send the password itself: PLAIN (RFC 4616) and the older LOGIN, which some clients still have.
#pragma once

#include <memory>

#include "login/mechanism.h"

namespace kontor::login {

std::unique_ptr<Mechanism> make_plain(const Surroundings& around);
std::unique_ptr<Mechanism> make_login(const Surroundings& around);

}  // namespace kontor::login
