// SPDX-License-Identifier: AGPL-3.0-or-later
// Who there is in a Kopano installation: users, groups and companies of its directory, as the database (the db plugin),
// an LDAP directory and a file tell of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/mailbox.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/people_file.h"
#include "migrate/kopano/person.h"

namespace kontor::migrate::kopano {

// Immutable once read; thread-safe then.
class AddressBook {
 public:
  // In this order: each server's database, then what a directory of the whole installation says, then the file; what
  // comes later counts more. Errors: of reading.
  Result<void> add_server(Database& database, const std::string& server_guid);
  void add_directory(std::vector<Person> people);
  // Gives sentences: whom the file names and nobody knows.
  std::vector<std::string> tell(const std::vector<Told>& told);

  // Whether there are tenants.
  bool has_companies() const;

  // users.id of that server; null if there is no such row.
  const Person* by_row(const std::string& server_guid, std::uint32_t id) const;
  const Person* by_directory_name(const DirectoryName& name) const;
  const Person* by_login(std::string_view login) const;  // "anna" where one has it, "anna@Company" always
  // An address book entry id: by the directory's name, else by the row on `server_guid`. Null for others.
  const Person* by_entry(const std::string& server_guid, std::string_view entry_id) const;
  std::optional<mapi::Mailbox> resolve(const std::string& server_guid, std::string_view entry_id) const;

  std::string company_name(const Person& person) const;  // "" without tenants
  const Person* company_of(const Person& person) const;  // null without tenants
  std::string full_login(const Person& person) const;    // "anna@Company", or the plain login without tenants
  const std::vector<std::unique_ptr<Person>>& all() const { return people_; }

 private:
  Person& add(const std::string& server_guid, Person person);
  Result<void> read_directory(Database& database);
  void settle_companies();
  Person& told_person(const Told& one);
  Person* find_login(std::string_view login) const;
  std::vector<DirectoryName> find_people(const std::vector<std::string>& logins, const Person& of,
                                         std::vector<std::string>& unknown) const;

  std::vector<std::unique_ptr<Person>> people_;
  std::map<std::pair<std::string, std::uint32_t>, Person*> by_row_;
  std::map<DirectoryName, Person*> by_name_;
};

}  // namespace kontor::migrate::kopano
