// SPDX-License-Identifier: AGPL-3.0-or-later
// free-busy-query: RFC 4791 section 7.10, as scheduling answers it.
#include "formats/icalendar/busy.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/free_busy.h"
#include "protocols/dav/calendar.h"

namespace kontor::dav {
namespace {

constexpr std::uint64_t kStepsOfAll = 1'000'000;
constexpr std::size_t kMostTimes = 50'000;

}  // namespace

// Of a home: whatever of its owner's calendars counts.
Outcome<Response> report_free_busy(Context& context, const Resource& resource, const wire::dav::Report& report) {
  if (!resource.account) return deny(404, "there is nothing here");
  const auto& time = std::get<wire::dav::FreeBusyQuery>(report).time;
  const icalendar::Window window{.from = *time.start, .to = *time.end};
  groupware::FreeBusyOptions options{
      .except_uid = {}, .only = {}, .most = kMostTimes, .steps = kStepsOfAll, .others = &context.services.accounts};
  if (resource.what != Resource::What::home) options.only = resource.folder->id;
  auto periods = groupware::free_busy(*resource.account, context.services.directory, context.services.accounts.zones(),
                                      icalendar::utc_zone(), context.caller, window.from, window.to, options);
  if (!periods && periods.error().code == Errc::too_large)
    return deny(wire::dav::dav("number-of-matches-within-limits"), "there is too much in that time", 507);
  if (!periods) return deny(404, "there is nothing here");
  Response response{.status = 200, .content_type = "text/calendar; charset=utf-8"};
  response.body = icalendar::write(icalendar::free_busy(window, groupware::told(*std::move(periods)), context.now()));
  return response;
}

}  // namespace kontor::dav
