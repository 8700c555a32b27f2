// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/stores.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "migrate/kopano/objects.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::size_t kGuidAt = 4;  // in the store's entry id
constexpr std::size_t kGuidSize = 16;

std::string title_of(const Store& store, const std::string& server_guid, const AddressBook& book) {
  std::string of = store.owner != nullptr ? book.full_login(*store.owner) : store.user_name;
  switch (store.type) {
    case StoreType::archive:
      return "archive of " + of;
    case StoreType::open: {
      const Person* company = book.by_row(server_guid, store.company != 0 ? store.company : kEveryone);
      return company != nullptr && !company->name.empty() ? "public folders of " + company->name : "public folders";
    }
    default:
      return of;
  }
}

}  // namespace

Result<std::vector<Store>> read_stores(Database& database, const std::string& server_guid, const AddressBook& book) {
  std::vector<Store> stores;
  // The column of some installations was damaged by a conversion of character sets: the entry id has the GUID too.
  TRY_VOID(database.query(
      "SELECT s.hierarchy_id, s.user_id, s.type, s.user_name, s.company, s.guid, h.flags, e.val_binary, z.val_longint "
      "FROM stores s LEFT JOIN hierarchy h ON h.id = s.hierarchy_id AND h.type = 1 LEFT JOIN indexedproperties e ON "
      "e.hierarchyid = s.hierarchy_id AND e.tag = 4095 LEFT JOIN properties z ON z.hierarchyid = s.hierarchy_id AND "
      "z.tag = 3592 AND z.type = 20 WHERE s.user_id <> 2 ORDER BY s.hierarchy_id",
      [&](const Row& row) -> Result<void> {
        if (row.is_null(6)) return {};  // its object is gone: nothing is left of it
        Store& store = stores.emplace_back();
        store.id = row.id(0);
        store.type = static_cast<StoreType>(row.integer(2) & 3);
        store.user_name = row.bytes(3);
        store.company = row.id(4);
        const std::string_view entry = row.bytes(7);
        store.guid = entry.size() >= kGuidAt + kGuidSize ? entry.substr(kGuidAt, kGuidSize) : row.bytes(5);
        store.guid_hex = to_hex(store.guid);
        store.is_removed = (row.integer(6) & kDeletedObject) != 0;
        store.bytes = static_cast<std::uint64_t>(row.integer(8));
        if (store.type == StoreType::open) {
          if (store.company == 0 && row.id(1) > kSystem) store.company = row.id(1);
        } else if (row.id(1) > kSystem) {
          store.owner = book.by_row(server_guid, row.id(1));
        }
        store.title = title_of(store, server_guid, book);
        return {};
      }));
  return stores;
}

}  // namespace kontor::migrate::kopano
