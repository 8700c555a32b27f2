// SPDX-License-Identifier: AGPL-3.0-or-later
// SCRAM-SHA-1 (RFC 5802) and SCRAM-SHA-256 (RFC 7677), with and without channel binding (-PLUS; RFC 5929, RFC 9266).
#pragma once

#include <memory>

#include "login/mechanism.h"

namespace kontor::login {

struct ScramForm {
  directory::ScramHash hash = directory::ScramHash::sha256;
  bool is_plus = false;
};

// `nonce`: the server's part; printable, without commas.
std::unique_ptr<Mechanism> make_scram(ScramForm form, const Surroundings& around, std::string nonce);

}  // namespace kontor::login
