// SPDX-License-Identifier: AGPL-3.0-or-later
// Who there is in a Kopano installation: users, groups and companies of its directory, as far as the database (the db
// plugin) or a file tells of them. What LDAP alone knows, a file must bring.
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

namespace kontor::migrate::kopano {

// users.objectclass.
enum class PersonClass : std::uint32_t {
  unknown = 0,
  user = 0x10001,
  shared = 0x10002,  // not active: a mailbox of several
  room = 0x10003,
  equipment = 0x10004,
  contact = 0x10005,
  group = 0x30001,
  security_group = 0x30002,
  dynamic_group = 0x30003,
  company = 0x40001,
  address_list = 0x40002,
};
constexpr std::uint32_t kEveryone = 1, kSystem = 2;  // users.id, in every installation

struct Person {
  std::string server;       // its guid
  std::uint32_t id = 0;     // users.id on it; 0: the server never saw it
  std::string external_id;  // the directory's own name; bytes
  PersonClass kind = PersonClass::unknown;
  std::uint32_t company = 0;  // users.id
  std::string login;          // without the company
  std::string name, address;
  // All else that the directory of the db plugin says: "password", "hardquota", "ishidden", "0x67B3101E" (several are
  // one in each line). Not for logs.
  std::map<std::string, std::string> properties;
  std::vector<std::string> members;  // of a group: external ids
  std::vector<std::string> senders;  // who may send as this one: external ids

  bool is_group() const { return static_cast<std::uint32_t>(kind) >> 16U == 3; }
};

// A line of the file of users: what it says counts more than the database.
struct Told {
  std::string login, address, name, external_id;
};
// CSV with a first line that names its columns out of login, address, name and externid (hex or text). Errors: invalid.
Result<std::vector<Told>> parse_people(std::string_view csv);

// Immutable once read; thread-safe then.
class AddressBook {
 public:
  // Adds a server's. `told` goes over all. Errors: of reading.
  Result<void> add_server(Database& database, const std::string& server_guid);
  // Once, after all servers: logins as the file says.
  void tell(const std::vector<Told>& told);

  // users.id of that server; null if there is no such row.
  const Person* by_row(const std::string& server_guid, std::uint32_t id) const;
  const Person* by_external_id(std::string_view external_id) const;
  const Person* by_login(std::string_view login) const;  // "anna" where one has it, "anna@Company" always
  // An address book entry id: by the directory's name, else by the row on `server_guid`. Null for others.
  const Person* by_entry(const std::string& server_guid, std::string_view entry_id) const;
  std::optional<mapi::Mailbox> resolve(const std::string& server_guid, std::string_view entry_id) const;

  std::string company_name(const Person& person) const;  // "" without tenants
  std::string full_login(const Person& person) const;    // "anna@Company", or the plain login without tenants
  const std::vector<std::unique_ptr<Person>>& all() const { return people_; }

 private:
  Person& add(const std::string& server_guid, Person person);
  Result<void> read_directory(Database& database);
  Person* find_login(std::string_view login) const;

  std::vector<std::unique_ptr<Person>> people_;
  std::map<std::pair<std::string, std::uint32_t>, Person*> by_row_;
  std::map<std::string, Person*, std::less<>> by_external_id_;
};

}  // namespace kontor::migrate::kopano
