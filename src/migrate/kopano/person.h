// SPDX-License-Identifier: AGPL-3.0-or-later
// Somebody in a Kopano installation's directory: a user, a group, a company.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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

// What a directory itself calls somebody. Users, groups and companies are named apart: in an LDAP a user's number may
// be a group's, too.
struct DirectoryName {
  static constexpr std::uint32_t kUser = 1, kGroup = 3, kCompany = 4;
  static std::uint32_t type_of(PersonClass kind) { return static_cast<std::uint32_t>(kind) >> 16U; }
  auto operator<=>(const DirectoryName&) const = default;

  std::uint32_t type = 0;
  std::string id;  // bytes
};

struct Person {
  std::string server;       // its guid
  std::uint32_t id = 0;     // users.id on it; 0: the server never saw it
  std::string external_id;  // the directory's own name; bytes
  PersonClass kind = PersonClass::unknown;
  std::uint32_t company = 0;  // users.id
  std::string company_id;     // its external id, where the directory says it
  std::string login;          // without the company
  std::string name, address;
  std::vector<std::string> aliases;  // further addresses
  // All else that is known: "password", "hardquota" (bytes, where "usedefaultquota" is "0"), "ishidden", of a
  // company "userhardquota" and "userusedefaultquota" (for those who have none of their own), of the db plugin also
  // "0x67B3101E" and the like (several are one in each line). Not for logs.
  std::map<std::string, std::string> properties;
  std::vector<DirectoryName> members;  // of a group
  std::vector<DirectoryName> senders;  // who may send as this one

  bool is_group() const { return DirectoryName::type_of(kind) == DirectoryName::kGroup; }
  DirectoryName directory_name() const { return {DirectoryName::type_of(kind), external_id}; }
};

}  // namespace kontor::migrate::kopano
