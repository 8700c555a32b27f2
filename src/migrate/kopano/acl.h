// SPDX-License-Identifier: AGPL-3.0-or-later
// Rights on Kopano's folders, with what they inherit, as grants of ours.
//
// With Kopano, a folder without any row that concerns somebody (himself, his groups, everyone) has the rights of the
// folder above, up to the store; the first level with such a row counts, all its rows together, and no other. With us
// grants add up, and nothing is inherited. So the rights of each person and group are reckoned for each folder; where a
// group, or everyone, has more than one of its members, or a group has no address, its members are named instead.
// Nobody gets more than he had.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/archive/settings.h"

namespace kontor::migrate::kopano {

// Of the table acl, those that grant.
struct AclRow {
  std::uint32_t object = 0;   // a store or folder
  std::uint32_t subject = 0;  // users.id
  std::uint32_t rights = 0;   // MAPI's bits
};

// Who there is, for the store that is read.
struct AclSubjects {
  std::set<std::uint32_t> users;                            // of its tenant
  std::map<std::uint32_t, std::set<std::uint32_t>> groups;  // members, users only, nested groups resolved
  std::set<std::uint32_t> everyone;                         // the built-in group, and companies
  std::uint32_t owner = 0;                                  // has all rights anyway
  std::function<std::optional<std::string>(std::uint32_t)> address_of;
  std::set<std::uint32_t> sees_private;  // delegates
};

class AclResolver {
 public:
  // `parents`: of each folder the one above, or the store.
  AclResolver(std::vector<AclRow> rows, std::map<std::uint32_t, std::uint32_t> parents, AclSubjects subjects);

  // `kind`: as SourceFolder::kind.
  std::vector<archive::Grant> grants(std::uint32_t folder, std::string_view kind);

  // What grants() could not say exactly so far: sentences, each once.
  const std::vector<std::string>& losses() const { return losses_; }

 private:
  std::uint32_t effective(const std::vector<std::uint32_t>& chain, const std::set<std::uint32_t>& identities) const;
  void lose(std::string sentence);
  std::uint32_t carried(std::uint32_t rights, std::string_view kind, bool sees_private);

  std::map<std::uint32_t, std::map<std::uint32_t, std::uint32_t>> rows_;  // object, subject: rights
  const std::map<std::uint32_t, std::uint32_t> parents_;
  const AclSubjects subjects_;
  std::vector<std::string> losses_;
};

// MAPI's rights ([MS-OXCPERM] section 2.2.7) as groupware::right bits.
std::uint32_t rights_of_mapi(std::uint32_t rights, std::string_view kind);

}  // namespace kontor::migrate::kopano
