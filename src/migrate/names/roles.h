// SPDX-License-Identifier: AGPL-3.0-or-later
// Which folder is for what: by the names that mail programs and servers of many languages give.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrate/source.h"

namespace kontor::migrate {

// Of a folder's own name, in any case: "Gesendete Elemente" is "sent". Empty if it tells nothing.
std::string_view role_of_name(std::string_view name);

// Gives the inbox its role, and each role that no folder has yet to the folder whose name tells it best: at the root
// before below the inbox, well-known names before rare ones, then the one with more messages. No role twice.
void assign_roles(std::vector<SourceFolder>& folders);

}  // namespace kontor::migrate
