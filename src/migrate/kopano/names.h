// SPDX-License-Identifier: AGPL-3.0-or-later
// Which property a number of a Kopano database stands for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/mapi/property.h"
#include "migrate/kopano/database.h"

namespace kontor::migrate::kopano {

// Immutable once read.
class Names {
 public:
  static Result<Names> read(Database& database);

  // Refers to this object. Nothing for a number from 0x8000 on that nothing is named by.
  std::optional<mapi::Tag> find(std::uint32_t number) const;
  // All numbers that stand for it: databases below revision 69 may have several for one name.
  std::vector<std::uint32_t> numbers(const mapi::Tag& tag) const;

 private:
  std::map<std::uint32_t, mapi::Properties::Key> rows_;  // by number
};

}  // namespace kontor::migrate::kopano
