// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_availability.h"

#include <algorithm>

#include "formats/icalendar/availability.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/free_busy.h"
#include "protocols/dav/scheduling_boxes.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;

constexpr std::size_t kLargestAvailability = 64 << 10;
constexpr std::uint64_t kStepsOfAYear = 100'000;

// It must be read and worked out in a question for free/busy, and so it is here, for a year.
Outcome<> check_availability(Context& context, const std::string& text) {
  const auto wrong = [](const std::string& why) { return deny(caldav("valid-calendar-data"), why); };
  if (text.size() > kLargestAvailability) return deny(caldav("max-resource-size"), "it is too large");
  const auto read = icalendar::read(text, "utf-8", {.bytes = kLargestAvailability, .components = 500});
  if (!read) return wrong(read.error().text);
  const lines::Component& calendar = read->calendars.front();
  const auto is_availability = [](const lines::Component& one) { return one.is("VAVAILABILITY"); };
  const auto fits = [&](const lines::Component& one) { return is_availability(one) || one.is("VTIMEZONE"); };
  if (read->calendars.size() != 1 || !std::ranges::all_of(calendar.components, fits) ||
      std::ranges::none_of(calendar.components, is_availability))
    return wrong("this is no VCALENDAR of VAVAILABILITY alone");
  icalendar::Budget budget(kStepsOfAYear);
  const icalendar::Window year{.from = context.now(), .to = context.now() + std::chrono::days(366)};
  const auto times =
      icalendar::unavailable_times(calendar, year, context.services.accounts.zones(), icalendar::utc_zone(), budget);
  if (!times) return wrong(times.error().text);
  return {};
}

}  // namespace

Shown print_availability(Context& context, const Resource& resource, xml::Printer& out) {
  if (!is_box(resource, kInbox)) return Shown::absent;
  const auto reader = context.reader(*resource.account);
  const auto folder = reader ? (*reader)->folders()->by_role(groupware::FolderRole::calendar) : nullptr;
  if (!folder) return Shown::absent;
  const auto found = folder->properties.find(groupware::kAvailability);
  if (found == folder->properties.end()) return Shown::absent;
  out.leaf(caldav("calendar-availability"), found->second);
  return Shown::yes;
}

Outcome<> set_availability(Context& context, const Resource& resource, groupware::Transaction& transaction,
                           const xml::Element* value) {
  if (!is_box(resource, kInbox)) return deny(403, "only an inbox has it");
  const std::string text = value ? value->own_text() : std::string();
  if (value) TRY_VOID(check_availability(context, text));
  const auto folder = transaction.folders()->by_role(groupware::FolderRole::calendar);
  if (!folder) return deny(409, "there is no default calendar");
  groupware::Transaction::FolderChange change;
  change.properties[groupware::kAvailability] = text;
  TRY_VOID(transaction.change_folder(folder->id, change));
  return {};
}

}  // namespace kontor::dav
