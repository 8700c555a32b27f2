// SPDX-License-Identifier: AGPL-3.0-or-later
// The default folders of calendars, contacts, tasks, notes and files, which every account has.
#pragma once

#include "groupware/account.h"

namespace kontor::groupware {

// Property of a folder: "VEVENT,VTODO", the components that DAV takes there; absent: all.
constexpr const char* kCalendarComponents = "calendar.components";

bool has_default_folders(const FolderTable& folders);
// Makes those that are missing. Everyone in the tenant may ask the calendar when its owner is busy. A calendar that is
// new takes events alone: there are a task list and a notebook beside it, and programs show what takes all three three
// times.
Result<void> make_default_folders(Transaction& transaction);

}  // namespace kontor::groupware
