// SPDX-License-Identifier: AGPL-3.0-or-later
// What message classes and container classes are ([MS-OXCMSG] section 2.2.1.3, [MS-OXOSFLD] section 2.2.1): compared
// without regard to case, by what they begin with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::migrate::kopano {

enum class ItemClass : std::uint8_t {
  mail,         // IPM.Note, reports, meeting requests, task requests
  appointment,  // and what calendars have besides
  task,
  note,
  journal,
  contact,
  list,   // of people
  other,  // none of these: carried as mail, with all of its properties
};

ItemClass item_class(std::string_view message_class);
// The kind of folder that such an item goes to: "calendar", ... as SourceFolder::kind; "" = mail.
std::string_view kind_of(ItemClass item);
// The kind of a folder by its container class; "" = mail, and all that is unknown.
std::string_view kind_of_container(std::string_view container_class);
// Whether a folder of one kind takes what belongs into one of another: calendars, tasks and notes take one another's.
bool takes(std::string_view folder_kind, std::string_view item_kind);

}  // namespace kontor::migrate::kopano
