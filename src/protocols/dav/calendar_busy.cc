// SPDX-License-Identifier: AGPL-3.0-or-later
// free-busy-query: RFC 4791 section 7.10.
#include "formats/icalendar/busy.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/free_busy.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_index.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;

constexpr std::uint32_t kBusyRights = right::kRead | right::kFreeBusy;
constexpr std::uint64_t kStepsOfAll = 1'000'000;
constexpr std::size_t kMostTimes = 50'000;

std::unexpected<Problem> too_many() {
  return deny(wire::dav::dav("number-of-matches-within-limits"), "there is too much in that time", 507);
}

// Private events count too: they are read as the server itself, and only their times leave it.
Outcome<> gather_times(Context& context, const Resource& resource, const groupware::Folder& folder,
                       icalendar::Window window, icalendar::Budget& budget, std::vector<icalendar::Busy>& times) {
  TRY(const auto reader, resource.account->read(groupware::Caller::system()));
  TRY(const std::vector<Candidate> candidates,
      candidates_in(*reader, folder, {.component = "VEVENT", .time = window, .uid = {}}));
  std::vector<ItemId> items;
  items.reserve(candidates.size());
  for (const Candidate& one : candidates) items.push_back(one.item);
  const icalendar::ZonePointer viewer = zone_of(folder, context.services.accounts.zones());
  bool is_over = false;
  reader->contents(items, [&](ItemId, const auto& content) {
    if (!content || (*content)->size() > context.options.largest_object) return true;
    const auto bytes = (*content)->read(0, (*content)->size());
    if (!bytes) return true;
    const auto read = icalendar::read(*bytes, "utf-8");
    if (!read) return true;
    icalendar::Occurrences occurrences(read->calendars.front(), context.services.accounts.zones(), viewer, budget);
    is_over = !icalendar::busy_times(read->calendars.front(), window, kMostTimes, occurrences, times).has_value();
    return !is_over;
  });
  if (is_over) return too_many();
  return {};
}

icalendar::BusyType type_of(groupware::BusyPeriod::Kind kind) {
  switch (kind) {
    case groupware::BusyPeriod::Kind::tentative:
      return icalendar::BusyType::tentative;
    case groupware::BusyPeriod::Kind::busy:
      return icalendar::BusyType::busy;
    default:
      return icalendar::BusyType::unavailable;
  }
}

// Of a home: whatever of its owner's calendars counts.
Outcome<std::vector<icalendar::Busy>> times_of_owner(Context& context, const Resource& home, icalendar::Window window) {
  const auto periods =
      groupware::free_busy(*home.account, context.services.directory, context.services.accounts.zones(),
                           icalendar::utc_zone(), context.caller, window.from, window.to);
  if (!periods && periods.error().code == Errc::too_large) return too_many();
  if (!periods) return deny(404, "there is nothing here");
  std::vector<icalendar::Busy> out;
  for (const groupware::BusyPeriod& one : *periods)
    out.push_back({.from = one.from, .to = one.to, .type = type_of(one.kind)});
  return out;
}

Outcome<std::vector<icalendar::Busy>> times_of_calendar(Context& context, const Resource& calendar,
                                                        icalendar::Window window) {
  if (!(calendar.rights(context) & kBusyRights)) return deny(404, "there is nothing here");
  icalendar::Budget budget(kStepsOfAll);
  std::vector<icalendar::Busy> times;
  TRY_VOID(gather_times(context, calendar, *calendar.folder, window, budget, times));
  return times;
}

}  // namespace

Outcome<Response> report_free_busy(Context& context, const Resource& resource, const wire::dav::Report& report) {
  if (!resource.account) return deny(404, "there is nothing here");
  const auto& time = std::get<wire::dav::FreeBusyQuery>(report).time;
  const icalendar::Window window{.from = *time.start, .to = *time.end};
  const bool is_home = resource.what == Resource::What::home;
  TRY(auto times, is_home ? times_of_owner(context, resource, window) : times_of_calendar(context, resource, window));
  Response response{.status = 200, .content_type = "text/calendar; charset=utf-8"};
  response.body = icalendar::write(icalendar::free_busy(window, icalendar::merged(std::move(times)), context.now()));
  return response;
}

}  // namespace kontor::dav
