// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what an account's calendars have.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "formats/lines/component.h"
#include "groupware/account.h"

namespace kontor::groupware {

// What may go well another time; a full mailbox is emptied, too.
bool is_passing(const Error& error);

struct FoundObject {
  FolderId folder;
  Uid uid;
  ItemId item;
  std::string etag;
};

// The object of that UID in a calendar, task list or notebook.
Result<std::optional<FoundObject>> find_object(const Reader& reader, const std::string& uid);

// Of the first component that is scheduled; empty: there is none.
std::string uid_of(const lines::Component& calendar);
// The content of an item as a VCALENDAR. Errors: invalid (it is none).
Result<lines::Component> read_object(const Reader& reader, ItemId item);

}  // namespace kontor::groupware
