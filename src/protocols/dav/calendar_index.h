// SPDX-License-Identifier: AGPL-3.0-or-later
// Which items of a calendar may be what is looked for, as far as it is known without a look at them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/icalendar/occurrences.h"
#include "groupware/account.h"
#include "protocols/dav/outcome.h"

namespace kontor::dav {

struct Candidate {
  ItemId item;
  Uid uid;
  bool is_certain = false;  // it has that component, and takes place in that time; the UID is to be looked at
  std::shared_ptr<const groupware::Entry> entry;  // of the first some thousands: as it was then
};

struct Sought {
  std::string component;  // "VEVENT"; empty: any
  std::optional<icalendar::Window> time;
  std::optional<std::string> uid;  // contained in it, in any case of letters
  bool has_alarm = false;
  std::optional<icalendar::Window> rings;  // an alarm of it does then
  bool has_text = false;                   // contents tell by their bytes whether they are to be read
  bool is_all = false;                     // nothing else is asked for: many may be found
};

// In ascending order of items. Nothing that is sought is missing.
Outcome<std::vector<Candidate>> candidates_in(groupware::Reader& reader, const groupware::Folder& folder,
                                              Sought sought);

}  // namespace kontor::dav
