// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/lookup.h"

#include "formats/icalendar/calendar.h"

namespace kontor::groupware {

Result<std::optional<FoundObject>> find_object(const Reader& reader, const std::string& uid) {
  TRY(const auto places, reader.with_uid(std::nullopt, uid));
  for (const Place& place : places) {
    const auto folder = reader.folders()->find(place.folder);
    if (!folder || !takes(Kind::calendar, folder->kind)) continue;
    TRY(const Entry entry, reader.entry(place.folder, place.uid));
    return FoundObject{place.folder, place.uid, place.item, entry.etag};
  }
  return std::nullopt;
}

Result<lines::Component> read_object(const Reader& reader, ItemId item) {
  TRY(const auto content, reader.content(item));
  TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
  TRY(auto read, icalendar::read(bytes));
  return std::move(read.calendars.front());
}

}  // namespace kontor::groupware
