// SPDX-License-Identifier: AGPL-3.0-or-later
// What may be put into a calendar: RFC 4791 section 5.3.2.1.
#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/calendar_object.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_limits.h"

namespace kontor::dav {
namespace {

using icalendar::ObjectFault;
using wire::dav::caldav;

xml::NameView precondition_of(ObjectFault::What what) {
  switch (what) {
    case ObjectFault::What::object:
      return caldav("valid-calendar-object-resource");
    case ObjectFault::What::too_large:
      return caldav("max-resource-size");
    case ObjectFault::What::data:
      break;
  }
  return caldav("valid-calendar-data");
}

std::unexpected<Problem> uid_conflict(const Resource& target, const std::string& name) {
  Problem problem(wire::dav::Refusal{409, "the UID is another one's here", xml::Name(caldav("no-uid-conflict"))});
  problem.paths.push_back(parent_of(target.path) + name);
  return std::unexpected(std::move(problem));
}

// A UID is in a calendar once, and an item keeps its own.
Outcome<> check_uid(Context& context, const Change& change, const std::string& uid) {
  const Resource& target = change.target;
  TRY(const auto reader, context.reader(*target.account));
  if (target.entry) {
    const auto former = reader->facts(target.entry->item);
    if (former && !former->uid.empty() && former->uid != uid) return uid_conflict(target, target.name);
  }
  TRY(const auto places, reader->with_uid(std::nullopt, uid));
  for (const groupware::Place& place : places) {
    if (place.folder != target.folder->id || (target.entry && place.uid == target.entry->uid)) continue;
    const bool moves = change.what == Change::What::move && change.source && change.source->entry &&
                       change.source->entry->item == place.item;
    if (moves) continue;
    if (const auto other = reader->entry(place.folder, place.uid)) return uid_conflict(target, other->name);
  }
  return {};
}

groupware::Kind item_kind_of(icalendar::ComponentKind kind) {
  if (kind == icalendar::ComponentKind::todo) return groupware::Kind::tasks;
  return kind == icalendar::ComponentKind::journal ? groupware::Kind::notes : groupware::Kind::calendar;
}

// What has come there by another door, a migration say, can be changed like all else.
bool is_taken(const Resource& target, icalendar::ComponentKind kind) {
  const auto taken = components_of(*target.folder);
  return std::ranges::find(taken, icalendar::component_name(kind)) != taken.end() ||
         (target.entry && target.entry->kind == item_kind_of(kind));
}

}  // namespace

Outcome<> check_calendar_object(Context& context, const Change& change) {
  if (change.what == Change::What::remove || !change.bytes) return {};
  const Resource& target = change.target;
  if (target.space != Space::calendars || !target.folder) return {};
  if (change.bytes->size() > context.options.largest_object)
    return deny(caldav("max-resource-size"), "it is larger than what is taken here");
  const std::string type = to_lower(context.header("content-type"));
  if (change.what == Change::What::put && !change.is_edit && !type.empty() && !type.starts_with("text/calendar") &&
      !type.starts_with("application/octet-stream") && !type.starts_with("text/plain"))
    return deny(caldav("supported-calendar-data"), "a calendar takes text/calendar");
  const auto object = icalendar::read_calendar_object(*change.bytes, context.services.accounts.zones());
  if (!object && has_too_early_times(*change.bytes))
    return deny(caldav("min-date-time"), "a time in it is before all that are reckoned with");
  if (!object) return deny(precondition_of(object.error().what), object.error().why);
  if (!is_taken(target, object->kind))
    return deny(caldav("supported-calendar-component"), "this calendar takes no such component");
  TRY_VOID(check_calendar_limits(*object, context.services.accounts.zones(),
                                 target.owner ? target.owner->addresses : std::vector<std::string>()));
  return check_uid(context, change, object->uid);
}

}  // namespace kontor::dav
