// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/address_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/bytes.h"
#include "migrate/csv.h"

namespace kontor::migrate::kopano {
namespace {

// objectrelation.relationtype.
constexpr std::int64_t kMember = 1, kSendAs = 6;

std::string_view trimmed_field(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// What `propname` is called for users, groups and companies alike.
void set_property(Person& person, std::string_view name, std::string_view value) {
  if (name == "loginname")
    person.login = value;
  else if (name == "fullname")
    person.name = value;
  else if (name == "groupname" || name == "companyname")
    person.login = person.name = value;
  else if (name == "emailaddress")
    person.address = value;
  else
    person.properties[std::string(name)] = value;
}

bool has_directory(Database& database) {
  const auto tables = database.value(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('object', "
      "'objectproperty', 'objectmvproperty', 'objectrelation')");
  return tables && *tables && **tables == "4";
}

}  // namespace

Result<std::vector<Told>> parse_people(std::string_view csv) {
  static constexpr std::string_view kColumns[] = {"login", "address", "name", "externid"};
  TRY(const auto lines, parse_csv(csv));
  std::vector<Told> people;
  std::vector<std::size_t> places;  // of each field, in kColumns
  for (const auto& line : lines) {
    if (places.empty()) {
      for (const std::string& field : line.fields) {
        const auto column = std::find(std::begin(kColumns), std::end(kColumns), to_lower(trimmed_field(field)));
        if (column == std::end(kColumns))
          return fail(Errc::invalid, fmt::format("line {}: \"{}\" is no column: there are login, address, name and "
                                                 "externid",
                                                 line.number, field));
        places.push_back(static_cast<std::size_t>(column - std::begin(kColumns)));
      }
      continue;
    }
    if (line.fields.size() > places.size())
      return fail(Errc::invalid, fmt::format("line {}: {} fields where {} are expected", line.number,
                                             line.fields.size(), places.size()));
    Told one;
    std::string* const into[] = {&one.login, &one.address, &one.name, &one.external_id};
    for (std::size_t i = 0; i < line.fields.size(); ++i) *into[places[i]] = trimmed_field(line.fields[i]);
    // Binary names are written in hex.
    if (const auto bytes = from_hex(one.external_id); bytes && one.external_id.size() >= 16) one.external_id = *bytes;
    if (one.login.empty() && one.external_id.empty())
      return fail(Errc::invalid, fmt::format("line {}: neither login nor externid", line.number));
    people.push_back(std::move(one));
  }
  return people;
}

Person& AddressBook::add(const std::string& server_guid, Person person) {
  Person* there = nullptr;
  if (!person.external_id.empty())
    if (const auto found = by_external_id_.find(person.external_id); found != by_external_id_.end())
      there = found->second;
  if (there == nullptr) {
    there = people_.emplace_back(std::make_unique<Person>(std::move(person))).get();
    if (!there->external_id.empty()) by_external_id_[there->external_id] = there;
    there->server = server_guid;
    if (there->id != 0) by_row_[{server_guid, there->id}] = there;
    return *there;
  }
  if (person.id != 0) by_row_[{server_guid, person.id}] = there;
  if (there->id == 0 && person.id != 0) {
    there->id = person.id;
    there->server = server_guid;
  }
  if (there->company == 0) there->company = person.company;
  return *there;
}

Result<void> AddressBook::add_server(Database& database, const std::string& server_guid) {
  TRY_VOID(database.query("SELECT id, externid, objectclass, company FROM users ORDER BY id",
                          [&](const Row& row) -> Result<void> {
                            Person person;
                            person.id = row.id(0);
                            person.external_id = row.bytes(1);
                            person.kind = static_cast<PersonClass>(row.id(2));
                            person.company = row.id(3);
                            add(server_guid, std::move(person));
                            return {};
                          }));
  if (has_directory(database)) TRY_VOID(read_directory(database));
  // Of installations with LDAP the names of stores are all that there is. They are those of the day the store was made.
  return database.query("SELECT user_id, user_name FROM stores WHERE type = 0", [&](const Row& row) -> Result<void> {
    const auto owner = by_row_.find({server_guid, row.id(0)});
    if (owner == by_row_.end() || !owner->second->login.empty() || row.id(0) <= kSystem) return {};
    std::string_view login = row.bytes(1);
    if (owner->second->company != 0) login = login.substr(0, login.rfind('@'));
    owner->second->login = login;
    return {};
  });
}

// Joined by the directory's name: ids of the two tables have nothing in common.
Result<void> AddressBook::read_directory(Database& database) {
  std::unordered_map<std::uint32_t, Person*> objects;
  TRY_VOID(database.query("SELECT id, externid, objectclass FROM object", [&](const Row& row) -> Result<void> {
    Person person;
    person.external_id = row.bytes(1);
    person.kind = static_cast<PersonClass>(row.id(2));
    if (person.external_id.empty()) return {};
    Person& there = add("", std::move(person));
    there.kind = static_cast<PersonClass>(row.id(2));
    objects[row.id(0)] = &there;
    return {};
  }));
  TRY_VOID(database.query("SELECT objectid, propname, value FROM objectproperty", [&](const Row& row) -> Result<void> {
    if (const auto object = objects.find(row.id(0)); object != objects.end())
      set_property(*object->second, row.bytes(1), row.bytes(2));
    return {};
  }));
  TRY_VOID(database.query("SELECT objectid, propname, value FROM objectmvproperty ORDER BY objectid, propname, orderid",
                          [&](const Row& row) -> Result<void> {
                            const auto object = objects.find(row.id(0));
                            if (object == objects.end()) return {};
                            std::string& value = object->second->properties[std::string(row.bytes(1))];
                            if (!value.empty()) value += '\n';
                            value += row.bytes(2);
                            return {};
                          }));
  return database.query(
      "SELECT objectid, parentobjectid, relationtype FROM objectrelation WHERE relationtype IN (1, 6)",
      [&](const Row& row) -> Result<void> {
        const auto child = objects.find(row.id(0)), parent = objects.find(row.id(1));
        if (child == objects.end() || parent == objects.end()) return {};
        if (row.integer(2) == kMember) parent->second->members.push_back(child->second->external_id);
        if (row.integer(2) == kSendAs) parent->second->senders.push_back(child->second->external_id);
        return {};
      });
}

void AddressBook::tell(const std::vector<Told>& told) {
  for (const Told& one : told) {
    Person* person = nullptr;
    if (const auto found = by_external_id_.find(one.external_id); found != by_external_id_.end())
      person = found->second;
    if (person == nullptr && !one.login.empty()) person = find_login(one.login);
    if (person == nullptr) {
      Person made;
      made.external_id = one.external_id;
      made.kind = PersonClass::user;
      person = &add("", std::move(made));
    }
    if (!one.login.empty() && (one.external_id.empty() ? person->login.empty() : true))
      person->login = one.login.substr(0, person->company == 0 ? std::string::npos : one.login.rfind('@'));
    if (!one.name.empty()) person->name = one.name;
    if (!one.address.empty()) person->address = one.address;
  }
}

const Person* AddressBook::by_row(const std::string& server_guid, std::uint32_t id) const {
  const auto found = by_row_.find({server_guid, id});
  return found == by_row_.end() ? nullptr : found->second;
}

const Person* AddressBook::by_external_id(std::string_view external_id) const {
  const auto found = by_external_id_.find(external_id);
  return found == by_external_id_.end() ? nullptr : found->second;
}

std::string AddressBook::company_name(const Person& person) const {
  const auto found = by_row_.find({person.server, person.company});
  return person.company == 0 || found == by_row_.end() ? std::string() : found->second->name;
}

std::string AddressBook::full_login(const Person& person) const {
  const std::string company = company_name(person);
  return company.empty() ? person.login : person.login + "@" + company;
}

// "anna@Company" is one person's; a plain "anna" may be several people's, and then nobody's.
Person* AddressBook::find_login(std::string_view login) const {
  Person* found = nullptr;
  for (const auto& person : people_) {
    if (person->login.empty()) continue;
    if (iequals(full_login(*person), login)) return person.get();
    if (!iequals(person->login, login)) continue;
    if (found != nullptr) return nullptr;
    found = person.get();
  }
  return found;
}

const Person* AddressBook::by_login(std::string_view login) const { return find_login(login); }

const Person* AddressBook::by_entry(const std::string& server_guid, std::string_view entry_id) const {
  const mapi::EntryId parsed = mapi::unwrap(entry_id);
  const auto* entry = std::get_if<mapi::DirectoryEntry>(&parsed);
  if (entry == nullptr) return nullptr;
  // The row's number is of the server that wrote the entry, and of the day on which it did.
  if (const Person* found = by_external_id(entry->external_id); found != nullptr && !entry->external_id.empty())
    return found;
  return entry->external_id.empty() ? by_row(server_guid, entry->row) : nullptr;
}

std::optional<mapi::Mailbox> AddressBook::resolve(const std::string& server_guid, std::string_view entry_id) const {
  const Person* person = by_entry(server_guid, entry_id);
  if (person == nullptr) return std::nullopt;
  return mapi::Mailbox{.name = person->name.empty() ? person->login : person->name, .address = person->address};
}

}  // namespace kontor::migrate::kopano
