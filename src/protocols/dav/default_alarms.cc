// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/default_alarms.h"

#include "groupware/calendar/default_alarms.h"
#include "protocols/dav/calendar.h"

namespace kontor::dav {
namespace {

using groupware::DefaultAlarm;
using wire::dav::caldav;

constexpr Scope kCalendarHomes{on(Resource::What::home), ~0U, in(Space::calendars)};

constexpr const char* name_of_default(DefaultAlarm which) {
  switch (which) {
    case DefaultAlarm::event_time:
      return "default-alarm-vevent-datetime";
    case DefaultAlarm::event_date:
      return "default-alarm-vevent-date";
    case DefaultAlarm::task_time:
      return "default-alarm-vtodo-datetime";
    case DefaultAlarm::task_date:
      return "default-alarm-vtodo-date";
  }
  return "";
}

// A person's own; of a shared mailbox those of all its members. Whoever sees somebody else's has his own there.
std::optional<groupware::DefaultAlarmPlace> alarm_place_of(const Context& context, const Resource& resource,
                                                           const groupware::FolderTable& folders) {
  groupware::DefaultAlarmPlace place;
  place.of_home = resource.what == Resource::What::home;
  const auto folder =
      place.of_home ? folders.by_role(groupware::FolderRole::calendar) : folders.find(resource.folder->id);
  if (!folder) return std::nullopt;
  place.folder = folder->id;
  place.is_own = !resource.owner || resource.owner->id == context.user.id ||
                 resource.owner->kind != directory::PrincipalKind::user;
  return place;
}

template <DefaultAlarm which>
Shown print_default_alarm(Context& context, const Resource& resource, xml::Printer& out) {
  const auto reader = context.reader(*resource.account);
  const auto place = reader ? alarm_place_of(context, resource, *(*reader)->folders()) : std::nullopt;
  const auto alarm = place ? groupware::default_alarm(**reader, *place, which) : std::nullopt;
  if (!alarm || !*alarm) return Shown::absent;
  out.leaf(caldav(name_of_default(which)), **alarm);
  return Shown::yes;
}

template <DefaultAlarm which>
Outcome<> set_default_alarm(Context& context, const Resource& resource, groupware::Transaction& transaction,
                            const xml::Element* value) {
  const auto place = alarm_place_of(context, resource, *transaction.folders());
  if (!place) return deny(409, "there is no calendar to keep it with");
  const auto text = value ? std::optional(value->own_text()) : std::nullopt;
  const auto done = groupware::set_default_alarm(transaction, *place, which, text, context.now());
  if (!done && done.error().code == Errc::invalid) return deny(caldav("valid-calendar-data"), done.error().text);
  TRY_VOID(done);
  return {};
}

template <DefaultAlarm which>
constexpr Property default_alarm_row(const Scope& scope) {
  return {caldav(name_of_default(which)), scope, false, print_default_alarm<which>, set_default_alarm<which>};
}

const Property kDefaultAlarmProperties[] = {
    default_alarm_row<DefaultAlarm::event_time>(kCalendarScope),
    default_alarm_row<DefaultAlarm::event_date>(kCalendarScope),
    default_alarm_row<DefaultAlarm::task_time>(kCalendarScope),
    default_alarm_row<DefaultAlarm::task_date>(kCalendarScope),
    default_alarm_row<DefaultAlarm::event_time>(kCalendarHomes),
    default_alarm_row<DefaultAlarm::event_date>(kCalendarHomes),
    default_alarm_row<DefaultAlarm::task_time>(kCalendarHomes),
    default_alarm_row<DefaultAlarm::task_date>(kCalendarHomes),
};

}  // namespace

const Family& default_alarms_family() {
  static const Family kFamily{.name = "default alarms", .properties = kDefaultAlarmProperties};
  return kFamily;
}

}  // namespace kontor::dav
