// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/schema.h"

#include <fmt/format.h>

#include <cstdlib>
#include <set>

namespace kontor::migrate::kopano {

Result<Schema> read_schema(Database& database) {
  std::set<std::string, std::less<>> columns;
  TRY_VOID(database.query(
      "SELECT CONCAT(LOWER(table_name), '.', LOWER(column_name)) FROM information_schema.columns WHERE table_schema = "
      "DATABASE() AND table_name IN ('versions', 'hierarchy', 'properties', 'mvproperties', 'names', 'stores', "
      "'users', "
      "'indexedproperties', 'receivefolder', 'settings', 'singleinstances')",
      [&](const Row& row) -> Result<void> {
        columns.emplace(row.bytes(0));
        return {};
      }));
  for (const std::string_view column :
       {"versions.databaserevision", "hierarchy.parent", "properties.hierarchyid", "mvproperties.orderid", "names.guid",
        "stores.guid", "users.externid", "indexedproperties.val_binary", "singleinstances.instanceid"})
    if (!columns.contains(column))
      return fail(Errc::invalid,
                  fmt::format("this is no database of Kopano or Zarafa, or its reader may not see all of "
                              "it: there is no {}",
                              column));
  Schema schema;
  TRY(const auto revision, database.value("SELECT MAX(databaserevision) FROM versions"));
  schema.revision = std::atoi(revision.value_or("0").c_str());
  if (schema.revision < kOldestRevision)
    return fail(Errc::invalid,
                fmt::format("the database has revision {}; {} (Zarafa 7.1) is the oldest that can be read: let a newer "
                            "server upgrade it first",
                            schema.revision, kOldestRevision));
  schema.has_file_names = columns.contains("singleinstances.filename");
  if (columns.contains("settings.value")) {
    TRY_VOID(database.query("SELECT name, value FROM settings WHERE name IN ('server_guid', 'attachment_storage')",
                            [&](const Row& row) -> Result<void> {
                              (row.bytes(0) == "server_guid" ? schema.server_guid : schema.attachments) = row.bytes(1);
                              return {};
                            }));
  }
  return schema;
}

}  // namespace kontor::migrate::kopano
