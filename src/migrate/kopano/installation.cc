// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/installation.h"

#include <fmt/format.h>

#include <set>

#include "base/bytes.h"
#include "migrate/kopano/schema.h"

namespace kontor::migrate::kopano {
namespace {

// What nothing but the database's place tells apart.
std::string stand_in_guid(const DatabaseOptions& options) {
  return options.socket.empty() ? options.host + ":" + std::to_string(options.port) + "/" + options.name
                                : options.socket + "/" + options.name;
}

std::string key_of_public(const Store& store, const AddressBook& book, const std::string& server) {
  const Person* company = book.by_row(server, store.company);
  return store.company == 0 || company == nullptr ? "public" : "public:" + to_lower(company->name);
}

std::string address_of_owner(const Person& owner, const Config& config) {
  if (!owner.address.empty() || owner.login.contains('@')) return owner.address.empty() ? owner.login : owner.address;
  return owner.login.empty() || config.default_domain.empty() ? std::string()
                                                              : owner.login + "@" + config.default_domain;
}

}  // namespace

Result<std::unique_ptr<const Installation>> Installation::read(const Config& config) {
  auto installation = std::make_unique<Installation>();
  std::vector<std::unique_ptr<Database>> databases;
  for (const ServerConfig& server : config.servers) {
    TRY(auto database, Database::open(server.database));
    TRY(const Schema schema, read_schema(*database));
    const std::string guid = schema.server_guid.empty() ? stand_in_guid(server.database) : schema.server_guid;
    installation->server_guids_.push_back(guid);
    TRY_VOID(installation->book_.add_server(*database, guid));
    databases.push_back(std::move(database));
  }
  TRY_VOID(installation->read_people(config));
  std::set<std::string> guids;
  for (std::size_t i = 0; i < databases.size(); ++i) {
    TRY(auto stores, read_stores(*databases[i], installation->server_guids_[i], installation->book_));
    for (Store& store : stores) {
      // A copy of one that is elsewhere, or the same server twice.
      if (!guids.insert(store.guid_hex).second) continue;
      InstalledStore& one = installation->stores_.emplace_back();
      one.server = i;
      one.store = std::move(store);
    }
  }
  installation->choose_addresses(config);
  for (const auto& [key, address] : config.stores) {
    const bool is_used = std::any_of(installation->stores_.begin(), installation->stores_.end(),
                                     [&, &wanted = address](const auto& one) { return one.address == wanted; });
    if (!is_used) return fail(Errc::not_found, fmt::format("stores.addresses: there is no store \"{}\"", key));
  }
  return std::unique_ptr<const Installation>(std::move(installation));
}

Result<void> Installation::read_people(const Config& config) {
  if (config.ldap) {
    TRY(const auto client, LdapClient::open(config.ldap->server));
    const LdapSearch search = [&](const LdapQuery& query, const TakeLdapEntry& take) {
      return client->search(query, take);
    };
    TRY(auto found, read_ldap_people(*config.ldap, book_.has_companies(), search));
    book_.add_directory(std::move(found.people));
    remarks_ = std::move(found.remarks);
  }
  auto unknown = book_.tell(config.people);
  remarks_.insert(remarks_.end(), std::make_move_iterator(unknown.begin()), std::make_move_iterator(unknown.end()));
  return {};
}

void Installation::choose_addresses(const Config& config) {
  for (InstalledStore& one : stores_) {
    const Store& store = one.store;
    auto told = config.stores.find(store.guid_hex);
    if (told == config.stores.end() && store.type == StoreType::open) {
      told = config.stores.find(key_of_public(store, book_, server_guids_[one.server]));
      // One word is enough where there is one.
      if (told == config.stores.end()) told = config.stores.find("public");
    }
    if (told != config.stores.end()) {
      one.address = told->second;
    } else if (store.is_removed) {
      one.left_out = "it is marked for removal";
    } else if (store.type == StoreType::open) {
      one.left_out = "it has public folders: say in stores.addresses whose they become";
    } else if (store.type == StoreType::archive) {
      one.left_out = "it is an archive: what its owner's mailbox refers to comes from there";
    } else if (store.owner == nullptr) {
      one.left_out = "nobody owns it: say in stores.addresses where it goes";
    } else {
      one.address = address_of_owner(*store.owner, config);
      if (one.address.empty())
        one.left_out = config.ldap ? "its owner is not in the directory, or has no address there: name it in users.file"
                                   : "its owner has no address: name it in users.file, or a users.default_domain";
    }
  }
}

const InstalledStore* Installation::find(std::string_view guid_hex) const {
  for (const InstalledStore& one : stores_)
    if (iequals(one.store.guid_hex, guid_hex)) return &one;
  return nullptr;
}

}  // namespace kontor::migrate::kopano
