// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/address_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/bytes.h"

namespace kontor::migrate::kopano {
namespace {

// objectrelation.relationtype.
constexpr std::int64_t kMember = 1, kSendAs = 6;

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
  else if (name == "companyid")
    person.company_id = from_hex(value).value_or("");
  else
    person.properties[std::string(name)] = value;
}

std::uint32_t type_of(mapi::DirectoryEntry::Kind kind) {
  using Kind = mapi::DirectoryEntry::Kind;
  return kind == Kind::company ? DirectoryName::kCompany
         : kind == Kind::list  ? DirectoryName::kGroup
                               : DirectoryName::kUser;
}

bool has_directory(Database& database) {
  const auto tables = database.value(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('object', "
      "'objectproperty', 'objectmvproperty', 'objectrelation')");
  return tables && *tables && **tables == "4";
}

}  // namespace

Person& AddressBook::add(const std::string& server_guid, Person person) {
  Person* there = nullptr;
  if (!person.external_id.empty())
    if (const auto found = by_name_.find(person.directory_name()); found != by_name_.end()) there = found->second;
  if (there == nullptr) {
    there = people_.emplace_back(std::make_unique<Person>(std::move(person))).get();
    if (!there->external_id.empty()) by_name_[there->directory_name()] = there;
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
  settle_companies();
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
  TRY_VOID(database.query(
      "SELECT objectid, propname, value, orderid FROM objectmvproperty ORDER BY objectid, propname, orderid",
      [&](const Row& row) -> Result<void> {
        const auto object = objects.find(row.id(0));
        if (object == objects.end()) return {};
        std::string& value = object->second->properties[std::string(row.bytes(1))];
        // The first of them takes the place of what another server said.
        if (row.integer(3) == 0) value.clear();
        if (!value.empty()) value += '\n';
        value += row.bytes(2);
        return {};
      }));
  // Every server of an installation says the same: what this one says takes the place of what another did.
  for (const auto& [id, person] : objects) {
    person->members.clear();
    person->senders.clear();
  }
  return database.query(
      "SELECT objectid, parentobjectid, relationtype FROM objectrelation WHERE relationtype IN (1, 6)",
      [&](const Row& row) -> Result<void> {
        const auto child = objects.find(row.id(0)), parent = objects.find(row.id(1));
        if (child == objects.end() || parent == objects.end()) return {};
        if (row.integer(2) == kMember) parent->second->members.push_back(child->second->directory_name());
        if (row.integer(2) == kSendAs) parent->second->senders.push_back(child->second->directory_name());
        return {};
      });
}

// Of those whom no server has seen yet the directory alone knows the company.
void AddressBook::settle_companies() {
  for (const auto& person : people_) {
    if (person->company != 0 || person->company_id.empty()) continue;
    const Person* company = by_directory_name({DirectoryName::kCompany, person->company_id});
    if (company == nullptr || company->id == 0) continue;
    if (person->id == 0) person->server = company->server;
    if (person->server == company->server) person->company = company->id;
  }
}

bool AddressBook::has_companies() const {
  return std::ranges::any_of(people_, [](const auto& one) { return one->kind == PersonClass::company; });
}

void AddressBook::add_directory(std::vector<Person> people) {
  for (Person& one : people) {
    if (one.external_id.empty()) continue;
    Person said = one;
    Person& there = add("", std::move(one));
    there.kind = said.kind;
    if (!said.login.empty()) there.login = std::move(said.login);
    if (!said.name.empty()) there.name = std::move(said.name);
    if (!said.address.empty()) there.address = std::move(said.address);
    if (!said.company_id.empty()) there.company_id = std::move(said.company_id);
    there.aliases = std::move(said.aliases);
    there.members = std::move(said.members);
    there.senders = std::move(said.senders);
    for (auto& [name, value] : said.properties) there.properties[name] = std::move(value);
  }
  settle_companies();
}

Person& AddressBook::told_person(const Told& one) {
  const std::uint32_t told = DirectoryName::type_of(one.kind);
  for (const std::uint32_t type : {DirectoryName::kUser, DirectoryName::kGroup, DirectoryName::kCompany}) {
    if (one.external_id.empty() || (told != 0 && told != type)) continue;
    if (const auto found = by_name_.find({type, one.external_id}); found != by_name_.end()) return *found->second;
  }
  if (!one.login.empty())
    if (Person* found = find_login(one.login)) return *found;
  Person made;
  made.external_id = one.external_id;
  made.kind = one.kind == PersonClass::unknown ? PersonClass::user : one.kind;
  return add("", std::move(made));
}

std::vector<DirectoryName> AddressBook::find_people(const std::vector<std::string>& logins, const Person& of,
                                                    std::vector<std::string>& unknown) const {
  std::vector<DirectoryName> found;
  for (const std::string& login : logins) {
    const Person* person = find_login(login);
    for (const auto& one : people_)
      if (person == nullptr && iequals(one->address, login)) person = one.get();
    if (person == nullptr || person->external_id.empty())
      unknown.push_back(fmt::format("The file of users names {} with {}, whom nobody knows.", login, of.login));
    else
      found.push_back(person->directory_name());
  }
  return found;
}

std::vector<std::string> AddressBook::tell(const std::vector<Told>& told) {
  std::vector<std::pair<Person*, const Told*>> with_others;
  for (const Told& one : told) {
    Person& person = told_person(one);
    // Whom only the file knows has no name in a directory: his login stands for it.
    if (person.external_id.empty() && person.id == 0) {
      person.external_id = "\tfile:" + one.login;
      by_name_.try_emplace(person.directory_name(), &person);
    }
    if (!one.login.empty() && (one.external_id.empty() ? person.login.empty() : true))
      person.login = one.login.substr(0, person.company == 0 ? std::string::npos : one.login.rfind('@'));
    if (!one.name.empty()) person.name = one.name;
    if (!one.address.empty()) person.address = one.address;
    if (one.kind != PersonClass::unknown && DirectoryName::type_of(one.kind) == DirectoryName::type_of(person.kind))
      person.kind = one.kind;
    if (!one.aliases.empty()) person.aliases = one.aliases;
    if (one.is_hidden) person.properties["ishidden"] = *one.is_hidden ? "1" : "0";
    if (one.quota) {
      person.properties["usedefaultquota"] = "0";
      person.properties["hardquota"] = std::to_string(*one.quota);
    }
    if (!one.members.empty() || !one.senders.empty()) with_others.emplace_back(&person, &one);
  }
  std::vector<std::string> unknown;
  for (const auto& [person, one] : with_others) {
    if (!one->members.empty()) person->members = find_people(one->members, *person, unknown);
    if (!one->senders.empty()) person->senders = find_people(one->senders, *person, unknown);
  }
  return unknown;
}

const Person* AddressBook::by_row(const std::string& server_guid, std::uint32_t id) const {
  const auto found = by_row_.find({server_guid, id});
  return found == by_row_.end() ? nullptr : found->second;
}

const Person* AddressBook::by_directory_name(const DirectoryName& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Person* AddressBook::company_of(const Person& person) const {
  const auto found = by_row_.find({person.server, person.company});
  return person.company == 0 || found == by_row_.end() ? nullptr : found->second;
}

std::string AddressBook::company_name(const Person& person) const {
  const Person* company = company_of(person);
  return company == nullptr ? std::string() : company->name;
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
  if (entry->external_id.empty()) return by_row(server_guid, entry->row);
  return by_directory_name({type_of(entry->kind), entry->external_id});
}

std::optional<mapi::Mailbox> AddressBook::resolve(const std::string& server_guid, std::string_view entry_id) const {
  const Person* person = by_entry(server_guid, entry_id);
  if (person == nullptr) return std::nullopt;
  return mapi::Mailbox{.name = person->name.empty() ? person->login : person->name, .address = person->address};
}

}  // namespace kontor::migrate::kopano
