// SPDX-License-Identifier: AGPL-3.0-or-later
// users.file: people as the administrator tells of them, for what no directory says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/kopano/person.h"

namespace kontor::migrate::kopano {

// A line of it. What it says counts more than the database and LDAP; what is empty or absent it does not say.
struct Told {
  std::string login, address, name;
  std::string external_id;  // bytes
  PersonClass kind = PersonClass::unknown;
  std::vector<std::string> aliases;
  std::vector<std::string> members;    // of a group: logins or addresses
  std::vector<std::string> senders;    // who may send as this one: logins or addresses
  std::optional<std::uint64_t> quota;  // bytes; 0 = unlimited
  std::optional<bool> is_hidden;
};

// CSV with a first line that names its columns: docs/kopano.md. Errors: invalid (with the line).
Result<std::vector<Told>> parse_people(std::string_view csv);

}  // namespace kontor::migrate::kopano
