// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/default_alarms.h"

#include "formats/icalendar/calendar.h"
#include "protocols/dav/calendar.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;

constexpr std::size_t kLargestDefaultAlarm = 16 << 10;
constexpr Scope kCalendarHomes{on(Resource::What::home), ~0U, in(Space::calendars)};

constexpr char kEventTime[] = "default-alarm-vevent-datetime", kEventDate[] = "default-alarm-vevent-date",
               kTaskTime[] = "default-alarm-vtodo-datetime", kTaskDate[] = "default-alarm-vtodo-date";

// Of a home they stand with its default calendar, which is always there.
groupware::FolderTable::Pointer folder_of(const Resource& resource, const groupware::FolderTable& folders) {
  if (resource.what == Resource::What::home) return folders.by_role(groupware::FolderRole::calendar);
  return folders.find(resource.folder->id);
}

std::string alarm_key(const Resource& resource, const char* name) {
  return std::string(resource.what == Resource::What::home ? "calendar.home." : "calendar.") + name;
}

template <const char* name>
Shown print_default_alarm(Context& context, const Resource& resource, xml::Printer& out) {
  const auto reader = context.reader(*resource.account);
  const auto folder = reader ? folder_of(resource, *(*reader)->folders()) : nullptr;
  if (!folder || !((*reader)->rights(folder->id) & groupware::right::kRead)) return Shown::absent;
  const auto found = folder->properties.find(alarm_key(resource, name));
  if (found == folder->properties.end()) return Shown::absent;
  // What was set to nothing is nothing, not absent: "no alarm".
  out.leaf(caldav(name), found->second == "-" ? std::string() : found->second);
  return Shown::yes;
}

bool is_alarm(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return true;
  const auto read = icalendar::read(text, "utf-8", {.bytes = kLargestDefaultAlarm, .components = 20});
  if (!read || read->calendars.size() != 1 || read->calendars[0].components.empty()) return false;
  for (const lines::Component& component : read->calendars[0].components)
    if (!component.is("VALARM")) return false;
  return true;
}

template <const char* name>
Outcome<> set_default_alarm(Context&, const Resource& resource, groupware::Transaction& transaction,
                            const xml::Element* value) {
  std::string text = value ? value->own_text() : std::string();
  if (text.size() > kLargestDefaultAlarm) return deny(507, "the alarm is too large");
  if (!is_alarm(text)) return deny(caldav("valid-calendar-data"), "this is no alarm");
  if (value && text.find_first_not_of(" \t\r\n") == std::string::npos) text = "-";
  const auto folder = folder_of(resource, *transaction.folders());
  if (!folder) return deny(409, "there is no calendar to keep it with");
  groupware::Transaction::FolderChange change;
  change.properties[alarm_key(resource, name)] = std::move(text);
  TRY_VOID(transaction.change_folder(folder->id, change));
  return {};
}

const Property kDefaultAlarms[] = {
    {caldav(kEventTime), kCalendarScope, false, print_default_alarm<kEventTime>, set_default_alarm<kEventTime>},
    {caldav(kEventDate), kCalendarScope, false, print_default_alarm<kEventDate>, set_default_alarm<kEventDate>},
    {caldav(kTaskTime), kCalendarScope, false, print_default_alarm<kTaskTime>, set_default_alarm<kTaskTime>},
    {caldav(kTaskDate), kCalendarScope, false, print_default_alarm<kTaskDate>, set_default_alarm<kTaskDate>},
    {caldav(kEventTime), kCalendarHomes, false, print_default_alarm<kEventTime>, set_default_alarm<kEventTime>},
    {caldav(kEventDate), kCalendarHomes, false, print_default_alarm<kEventDate>, set_default_alarm<kEventDate>},
    {caldav(kTaskTime), kCalendarHomes, false, print_default_alarm<kTaskTime>, set_default_alarm<kTaskTime>},
    {caldav(kTaskDate), kCalendarHomes, false, print_default_alarm<kTaskDate>, set_default_alarm<kTaskDate>},
};

}  // namespace

const Family& default_alarms_family() {
  static const Family kFamily{.name = "default alarms", .properties = kDefaultAlarms};
  return kFamily;
}

}  // namespace kontor::dav
