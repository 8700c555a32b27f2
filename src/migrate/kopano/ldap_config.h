// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the table [ldap] of kopano.toml. docs/kopano.md tells every word.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "migrate/kopano/ldap_people.h"

namespace kontor::migrate::kopano {

// What the table says.
struct LdapFileWords {
  enum class Kind : std::uint8_t { automatic, openldap, active_directory };

  Kind kind = Kind::automatic;
  LdapOptions server;
  std::string config, password_file, search_base;
  std::vector<std::string> parameters;
  bool passwords = true;
};

void declare_ldap(config::Schema& schema, LdapFileWords& into);
// Nothing: the table names no directory. `file` is where the words stand. Errors: not_found (a file), invalid.
Result<std::optional<LdapConfig>> ldap_config_of(const LdapFileWords& words, const std::string& file);

}  // namespace kontor::migrate::kopano
