// SPDX-License-Identifier: AGPL-3.0-or-later
// What lies beside the items of a directory and tells what the collection is like: vdirsyncer's "displayname", "color",
// "description" and "order", Radicale's ".Radicale.props".
#pragma once

#include <string>
#include <string_view>

namespace kontor::migrate {

struct CollectionTraits {
  std::string name, colour, description, order;
  std::string kind;       // "calendar", "tasks", "notes" or "contacts", where the properties say it
  bool is_there = false;  // there is such a file: the directory is a collection by itself
};

// Takes whatever there is; what cannot be read counts as not there.
CollectionTraits read_collection_traits(const std::string& directory);
// The text of ".Radicale.props" (JSON).
CollectionTraits parse_radicale_properties(std::string_view text);

// "VEVENT", "VTODO", "VJOURNAL" between blanks or commas: the kind of folder that they need. "" if there are none.
std::string kind_of_components(std::string_view components);

}  // namespace kontor::migrate
