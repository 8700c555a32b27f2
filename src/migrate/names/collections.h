// SPDX-License-Identifier: AGPL-3.0-or-later
// Which calendar, address book or task list is its user's own one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrate/source.h"

namespace kontor::migrate {

// Gives the role "calendar", "tasks", "notes" or "contacts" to one folder of each kind, if none has it yet: to the only
// one of its kind, else to the one whose key says so in its last segment, as servers call what they make for everybody
// ("personal", "calendar", "Default"), else to none.
void assign_collection_roles(std::vector<SourceFolder>& folders);

}  // namespace kontor::migrate
