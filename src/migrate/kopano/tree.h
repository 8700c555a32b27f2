// SPDX-License-Identifier: AGPL-3.0-or-later
// The folders of a store: where they go, what they are for, and what of their contents each brings.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/property.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/objects.h"
#include "migrate/kopano/stores.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// Which messages of a folder one of ours brings: a folder of Kopano's may have mail among its appointments, and
// messages that were removed but are not gone yet.
struct FolderNode {
  enum class Messages : std::uint8_t { present, removed, any };

  SourceFolder source;  // its key: the folder's id, and what it brings if that is not all
  std::uint32_t id = 0;
  std::string kind;  // what the folder is for at the source; `source` may bring the rest of it
  Messages messages = Messages::present;
  bool is_rest = false;  // brings what the folder's own kind cannot hold
};

struct StoreTree {
  std::uint32_t root = 0, subtree = 0, inbox = 0;  // ids; 0: there is none
  mapi::Properties store;                          // the store's own properties
  mapi::Properties root_properties, inbox_properties;
  std::vector<FolderNode> folders;
  std::map<std::uint32_t, SourcePath> paths;  // of all folders that come, by id
  std::vector<std::string> problems;          // sentences: what is dangling, or leads in circles
};

// `with_removed`: also what was deleted and is kept for a while, in folders below kRemovedPath. Errors: not_found (the
// store has no folders), and those of reading.
Result<StoreTree> read_tree(Database& database, ObjectReader& objects, const Store& store, bool with_removed);
constexpr std::string_view kRemovedPath = "Deleted at the source";
constexpr std::string_view kLostPath = "Lost folders";

// Folders (or messages) by their entry ids; those that are not there have none.
Result<std::map<std::string, std::uint32_t>> ids_of_entries(Database& database,
                                                            const std::vector<std::string>& entries);

}  // namespace kontor::migrate::kopano
