// SPDX-License-Identifier: AGPL-3.0-or-later
// The stores of a Kopano server, and whose they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/kopano/address_book.h"
#include "migrate/kopano/database.h"

namespace kontor::migrate::kopano {

enum class StoreType : std::uint8_t { personal = 0, open = 1, archive = 2 };  // `open`: public folders

struct Store {
  std::string guid;      // 16 bytes
  std::string guid_hex;  // lower case
  std::uint32_t id = 0;  // of its object
  StoreType type = StoreType::personal;
  std::string user_name;          // of the day it was made
  std::uint32_t company = 0;      // users.id
  const Person* owner = nullptr;  // null: an orphan, or public folders
  std::string title;              // for people: "anna@Company", "public folders of Company"
  bool is_removed = false;        // marked for removal
  std::uint64_t bytes = 0;        // as Kopano reckons
};

// All but the system's own. The book must outlive them. Errors: of reading.
Result<std::vector<Store>> read_stores(Database& database, const std::string& server_guid, const AddressBook& book);

}  // namespace kontor::migrate::kopano
