// SPDX-License-Identifier: AGPL-3.0-or-later
// Who stands in for an account's owner: it has the same rights on all calendars, task lists and notebooks. On those
// that there are it has grants as others do; those made later begin with them, as the default calendar keeps who it is.
#pragma once

#include <string>
#include <vector>

#include "groupware/folder.h"

namespace kontor::groupware {

// Property of the default calendar: print_delegates() of all.
constexpr const char* kDelegates = "delegates";
std::string print_delegates(const std::vector<Grant>& delegates);

constexpr bool is_delegated(Kind kind) { return kind == Kind::calendar || kind == Kind::tasks || kind == Kind::notes; }

// What a new folder of such a kind begins with, in order. Whoever no longer has these rights on the default calendar is
// no delegate any more.
std::vector<Grant> later_grants(const FolderTable& folders);

}  // namespace kontor::groupware
