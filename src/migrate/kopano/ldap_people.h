// SPDX-License-Identifier: AGPL-3.0-or-later
// The users, groups and companies of an LDAP directory, as Kopano's LDAP plugin makes them of it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/kopano/ldap_client.h"
#include "migrate/kopano/ldap_words.h"
#include "migrate/kopano/person.h"

namespace kontor::migrate::kopano {

struct LdapConfig {
  LdapOptions server;
  LdapWords words;
  bool takes_passwords = true;  // hashes, where they may be read
};

struct LdapPeople {
  std::vector<Person> people;        // without rows (`id` 0): those are the database's
  std::vector<std::string> remarks;  // sentences: what is not understood, or refers to nobody
};

// `has_companies`: whether the installation has tenants; then each is found below its company. Contacts are found too:
// groups have them as members. Errors: those of `search`; invalid (parameters), too_large (more than 200,000 people).
Result<LdapPeople> read_ldap_people(const LdapConfig& config, bool has_companies, const LdapSearch& search);

}  // namespace kontor::migrate::kopano
