// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/lookup.h"

#include <algorithm>

#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/message.h"

namespace kontor::groupware {

bool is_passing(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::conflict || error.code == Errc::over_quota;
}

Result<std::optional<FoundObject>> find_object(const Reader& reader, const std::string& uid) {
  TRY(const auto places, reader.with_uid(std::nullopt, uid));
  for (const Place& place : places) {
    const auto folder = reader.folders()->find(place.folder);
    // What comes from elsewhere is nobody's meeting here.
    if (!folder || !takes(Kind::calendar, folder->kind) || folder->properties.contains(kIsFeed)) continue;
    TRY(const Entry entry, reader.entry(place.folder, place.uid));
    return FoundObject{place.folder, place.uid, place.item, entry.etag};
  }
  return std::nullopt;
}

std::string uid_of(const lines::Component& calendar) {
  const auto first = std::ranges::find_if(calendar.components, itip::is_scheduled);
  return first == calendar.components.end() ? std::string() : icalendar::uid(*first);
}

Result<lines::Component> read_object(const Reader& reader, ItemId item) {
  TRY(const auto content, reader.content(item));
  TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
  TRY(auto read, icalendar::read(bytes));
  return std::move(read.calendars.front());
}

}  // namespace kontor::groupware
