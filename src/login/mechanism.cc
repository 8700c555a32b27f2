// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/mechanism.h"

#include "login/plain.h"

namespace kontor::login {

std::unique_ptr<Mechanism> make_mechanism(std::string_view name, const Surroundings& around) {
  if (name == "PLAIN") return make_plain(around);
  if (name == "LOGIN") return make_login(around);
  return nullptr;
}

}  // namespace kontor::login
