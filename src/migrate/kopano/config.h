// SPDX-License-Identifier: AGPL-3.0-or-later
// kopano.toml: where an installation's databases and attachments are, and what of it is to come. docs/kopano.md tells
// every word.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/kopano/address_book.h"
#include "migrate/kopano/attachment_store.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/ldap_people.h"
#include "migrate/kopano/restored_dump.h"

namespace kontor::migrate::kopano {

struct ServerConfig {
  DatabaseOptions database;
  DumpOptions dump;  // with a file: instead of the database's place
  AttachmentOptions attachments;
};

struct Config {
  std::vector<ServerConfig> servers;                       // one at least
  std::optional<LdapConfig> ldap;                          // where users are, instead of the database
  std::vector<Told> people;                                // of users.file
  std::string default_domain;                              // of users that have no address
  std::map<std::string, std::string, std::less<>> stores;  // GUID (hex, lower case) or "public[:Company]": address
  std::string time_zone;                                   // IANA: of items that tell none; "" = UTC
  bool with_deleted = false;                               // what is kept for a while after its deletion comes too
  std::size_t batch_bytes = std::size_t{24} << 20;         // of properties that a connection holds at once
  bool without_lost = false;  // what has lost contents comes without them, instead of not at all
};

// Relative paths in it are the file's neighbours. Errors: not_found (a file), invalid (every problem, with its line).
Result<Config> read_config(const std::string& file);

}  // namespace kontor::migrate::kopano
