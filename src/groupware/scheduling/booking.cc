// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/booking.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "formats/icalendar/access.h"
#include "formats/icalendar/series.h"
#include "formats/itip/mail.h"

namespace kontor::groupware {
namespace {

using directory::BookingPolicy;
using icalendar::Instance;

constexpr std::chrono::days kHorizon{731};
constexpr std::size_t kMostInstances = 1'000;
constexpr std::uint64_t kMostBookingSteps = 200'000;

struct Wanted {
  std::vector<Instance> instances;
  bool is_series = false;
  bool goes_on = false;       // beyond what was looked at
  bool is_too_often = false;  // to look at all of it
};

Result<Wanted> wanted_of(const itip::Component& request, const icalendar::ZoneDatabase& zones,
                         const icalendar::ZonePointer& zone, Instant now) {
  const auto first = std::ranges::find_if(request.components, itip::is_scheduled);
  if (first == request.components.end()) return fail(Errc::invalid, "nothing is asked for");
  TRY(const auto series, icalendar::Series::open(request, icalendar::uid(*first), zones, zone));
  Wanted out{.is_series = series.is_recurring()};
  icalendar::Budget budget(kMostBookingSteps);
  auto window = series.expand(now, now + kHorizon);
  for (;;) {
    const auto next = window.next(budget);
    out.is_too_often = !next || (*next && out.instances.size() == kMostInstances);
    if (out.is_too_often || !*next) break;
    if (!icalendar::is_cancelled(*(*next)->component)) out.instances.push_back(**next);
  }
  icalendar::Budget more(kMostBookingSteps);
  const auto extent = series.extent(more);
  out.goes_on = extent && (!extent->last || *extent->last > now + kHorizon);
  return out;
}

// Within one of the spans of opening, on the day that it begins.
bool is_open(const BookingPolicy& policy, const icalendar::Zone& zone, const Instance& instance) {
  if (policy.hours.empty()) return true;
  const icalendar::Wall from = zone.wall_at(instance.start);
  const icalendar::Wall to = zone.wall_at(instance.end);
  const auto day = std::chrono::floor<std::chrono::days>(from);
  const unsigned weekday = std::chrono::weekday(day).iso_encoding() - 1;
  return std::ranges::any_of(policy.hours, [&](const BookingPolicy::Hours& hours) {
    return (hours.days >> weekday & 1) != 0 && from >= day + std::chrono::minutes(hours.from) &&
           to <= day + std::chrono::minutes(hours.to);
  });
}

BookingAnswer declined(std::string why) { return {.status = "DECLINED", .why = std::move(why), .declined = {}}; }

// What is wrong with it whoever else wants it; empty: nothing.
std::string against_rules(const BookingPolicy& policy, const Wanted& wanted, const icalendar::Zone& zone, Instant now) {
  // Nobody says yes to times that were not looked at.
  if (wanted.is_too_often) return "It takes place too often to be booked";
  if (wanted.instances.empty()) return "It is in the past";
  if (wanted.is_series && !policy.takes_series) return "It cannot be booked again and again";
  if (policy.window_days != 0) {
    const Instant latest = now + std::chrono::days(policy.window_days);
    if (wanted.goes_on || wanted.instances.back().end > latest)
      return fmt::format("It can be booked for the next {} days only", policy.window_days);
  }
  for (const Instance& instance : wanted.instances) {
    if (policy.longest_minutes != 0 && instance.end - instance.start > std::chrono::minutes(policy.longest_minutes))
      return fmt::format("It can be booked for {} minutes at most", policy.longest_minutes);
    if (!is_open(policy, zone, instance)) return "It cannot be booked at that time of day";
  }
  return {};
}

constexpr std::size_t kMostNamed = 20;

// By what names it: as whoever asks has written it.
std::string span_of(const Instance& instance) {
  icalendar::When end = instance.id;
  end.wall += instance.end - instance.start;
  return itip::span_text(instance.id, end);
}

// "It is taken: Monday, 03 July 2023, 10:00 - 11:00 (Europe/Berlin); ..."
std::string taken_text(const std::vector<const Instance*>& taken) {
  std::string out = "It is taken: ";
  for (std::size_t i = 0; i < std::min(taken.size(), kMostNamed); ++i) out += (i == 0 ? "" : "; ") + span_of(*taken[i]);
  if (taken.size() > kMostNamed) out += fmt::format("; and {} times more", taken.size() - kMostNamed);
  return out;
}

}  // namespace

Result<BookingAnswer> answer_booking(const BookingPolicy& policy, const itip::Component& request,
                                     const TakenSpans& taken, const icalendar::ZoneDatabase& zones, Instant now) {
  icalendar::ZonePointer zone = policy.zone.empty() ? nullptr : zones.find(policy.zone);
  if (!zone) zone = icalendar::utc_zone();
  TRY(const Wanted wanted, wanted_of(request, zones, zone, now));
  if (std::string why = against_rules(policy, wanted, *zone, now); !why.empty()) return declined(std::move(why));
  auto spans = taken(wanted.instances.front().start, wanted.instances.back().end);
  // Whoever asks must hear something.
  if (!spans && spans.error().code == Errc::too_large) return declined("It is booked too often in that time");
  TRY(std::vector<TakenSpan> others, std::move(spans));
  std::ranges::sort(others, {}, &TakenSpan::from);
  BookingAnswer out{.status = "ACCEPTED", .why = {}, .declined = {}};
  std::vector<const Instance*> taken_ones;
  for (const Instance& instance : wanted.instances) {
    const bool conflicts = std::ranges::any_of(
        others, [&](const TakenSpan& other) { return other.from < instance.end && instance.start < other.to; });
    if (conflicts) taken_ones.push_back(&instance);
  }
  for (const Instance* instance : taken_ones) out.declined.push_back(instance->id);
  if (!wanted.is_series && !out.declined.empty()) return declined("It is taken at that time");
  if (out.declined.size() > policy.most_conflicts)
    return declined(fmt::format("It is taken at {} of these times", out.declined.size()));
  if (out.declined.size() == wanted.instances.size()) return declined("It is taken at all of these times");
  if (!taken_ones.empty()) out.why = taken_text(taken_ones);
  if (policy.answer == BookingPolicy::Answer::by_approval) {
    out.status = "TENTATIVE";
    out.asks_approver = true;
    out.why = "Somebody must approve it" + (out.why.empty() ? "" : ". " + out.why);
  }
  return out;
}

}  // namespace kontor::groupware
