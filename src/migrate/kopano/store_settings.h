// SPDX-License-Identifier: AGPL-3.0-or-later
// All that a store has beside its items: rights, rules, the out-of-office answer, delegates, what its user has set. And
// who there is in the installation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/archive/settings.h"
#include "formats/mapi/rules.h"
#include "migrate/kopano/acl.h"
#include "migrate/kopano/installation.h"
#include "migrate/kopano/names.h"
#include "migrate/kopano/objects.h"
#include "migrate/kopano/tree.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// Refers to what it is made of. One thread at a time. Errors of all calls: of reading.
class StoreSettings {
 public:
  StoreSettings(Database& database, ObjectReader& objects, const Names& names, const Installation& installation,
                const InstalledStore& store, const StoreTree& tree)
      : database_(database),
        objects_(objects),
        names_(names),
        installation_(installation),
        store_(store),
        tree_(tree) {}

  // Says of each folder of the tree what others may do in it.
  Result<void> add_grants(std::vector<FolderNode>& folders);
  // After add_grants().
  Result<SourceSettings> read();

 private:
  Result<void> read_free_busy();
  Result<AclResolver> read_acl(const std::vector<FolderNode>& folders);
  AclSubjects subjects(std::map<const Person*, std::uint32_t>& numbers) const;
  Result<void> add_rules(SourceSettings& out);
  Result<void> add_searches(SourceSettings& out);
  Result<void> add_favourites(SourceSettings& out);
  void add_person(SourceSettings& out) const;
  // Of a folder or a message. What fails is remembered in `trouble_`: what cannot be asked is not what is not there.
  std::optional<std::uint32_t> id_of(std::string_view entry);
  // The first kMostObjects of them; that there are more is named.
  Result<std::vector<std::uint32_t>> some_ids(const std::string& sql, const char* what, SourceSettings& out);
  // `are_all`: none was left out.
  Result<std::vector<mapi::Properties>> rule_messages(SourceSettings& out, bool& are_all);
  std::optional<mapi::ReplyTemplate> template_of(std::string_view entry);
  // The key of one that comes along; "" for the uppermost.
  std::optional<std::string> folder_key(std::string_view entry);
  std::optional<mapi::Mailbox> resolve(std::string_view entry) const;
  const std::string& server_guid() const { return installation_.server_guid(store_.server); }

  Database& database_;
  ObjectReader& objects_;
  const Names& names_;
  const Installation& installation_;
  const InstalledStore& store_;
  const StoreTree& tree_;
  std::optional<mapi::Properties> free_busy_;
  std::vector<archive::Delegate> delegates_;
  std::vector<SettingLoss> losses_;
  std::optional<Error> trouble_;
};

// Nothing: that of the company, or the server's own, which is in no database. 0: unlimited.
std::optional<std::uint64_t> own_quota_of(const Person& person);
// Of those in it who have none of their own; 0: unlimited, or the server's own.
std::uint64_t default_quota_of(const Person& company);

// Where somebody's mail goes here; "" if he has no address.
std::string address_of(const Installation& installation, const Person& person);

// Users, shared mailboxes, rooms, equipment and groups, these last; public folders that go somewhere as shared
// mailboxes.
std::vector<archive::Principal> principals_of(const Installation& installation);

}  // namespace kontor::migrate::kopano
