// SPDX-License-Identifier: AGPL-3.0-or-later
// EXTERNAL (RFC 4422 appendix A): the client's certificate says who it is, by its mail addresses (rfc822Name).
#pragma once

#include <memory>

#include "login/mechanism.h"

namespace kontor::login {

std::unique_ptr<Mechanism> make_external(const Surroundings& around);

}  // namespace kontor::login
