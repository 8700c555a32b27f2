// SPDX-License-Identifier: AGPL-3.0-or-later
// Rows of the tables properties and mvproperties as values of properties.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mapi/property.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/names.h"

namespace kontor::migrate::kopano {

// Values larger than this are named and left where they are.
constexpr std::size_t kLargestValue = std::size_t{24} << 20;

// What ValueReader wants to see of both tables, in this order.
std::string value_columns();

// Puts what rows say into properties. What cannot be a value is named in `damages`.
class ValueReader {
 public:
  explicit ValueReader(const Names& names) : names_(names) {}

  // A row of properties. Returns what it takes in memory, roughly. Where one property is there with two types, the one
  // that suits it counts.
  std::size_t add(const Row& row, mapi::Properties& into, std::vector<std::string>& damages) const;

  // Rows of mvproperties, those of one property together and in their order.
  class Elements {
   public:
    // Nothing is done until rows of another property come, or finish() is called. `into` is the object's of this row.
    std::size_t add(const ValueReader& reader, const Row& row, mapi::Properties& into,
                    std::vector<std::string>& damages);
    void finish(const ValueReader& reader);

   private:
    std::uint32_t object_ = 0;
    std::uint32_t number_ = 0;
    std::uint16_t type_ = 0;
    std::vector<mapi::Value::Data> data_;
    bool is_damaged_ = false;
    mapi::Properties* into_ = nullptr;
    std::vector<std::string>* damages_ = nullptr;
  };

 private:
  const Names& names_;
};

}  // namespace kontor::migrate::kopano
