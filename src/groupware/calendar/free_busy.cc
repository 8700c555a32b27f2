// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/free_busy.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

#include "base/bytes.h"
#include "directory/directory.h"
#include "formats/icalendar/availability.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"

namespace kontor::groupware {
namespace {

using BusyKind = BusyPeriod::Kind;

// In which order kinds go before one another.
int weight(BusyKind kind) {
  switch (kind) {
    case BusyKind::tentative:
      return 0;
    case BusyKind::unavailable:
      return 1;
    case BusyKind::busy:
      return 2;
    case BusyKind::out_of_office:
      return 3;
  }
  return 2;
}

// What an event does to its owner's time; nothing: it leaves it free.
std::optional<BusyKind> effect_of(const lines::Component& event, const std::vector<std::string>& addresses) {
  if (icalendar::is_cancelled(event) || icalendar::is_transparent(event)) return std::nullopt;
  const std::string_view outlook = event.value("X-MICROSOFT-CDO-BUSYSTATUS");
  if (iequals(outlook, "FREE")) return std::nullopt;
  for (const icalendar::Person& person : icalendar::attendees(event)) {
    if (std::ranges::find(addresses, person.address) == addresses.end()) continue;
    if (person.status == "DECLINED" || person.status == "DELEGATED") return std::nullopt;
    if (person.status == "TENTATIVE" || person.status == "NEEDS-ACTION") return BusyKind::tentative;
  }
  if (iequals(event.value("STATUS"), "TENTATIVE") || iequals(outlook, "TENTATIVE")) return BusyKind::tentative;
  return iequals(outlook, "OOF") ? BusyKind::out_of_office : BusyKind::busy;
}

BusyKind busy_kind_of(icalendar::BusyType type) {
  switch (type) {
    case icalendar::BusyType::tentative:
      return BusyKind::tentative;
    case icalendar::BusyType::unavailable:
      return BusyKind::unavailable;
    case icalendar::BusyType::busy:
      break;
  }
  return BusyKind::busy;
}

class BusySearch {
 public:
  BusySearch(const Reader& reader, const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer,
             std::vector<std::string> addresses, Instant from, Instant to, const FreeBusyOptions& options)
      : reader_(reader),
        zones_(zones),
        viewer_(viewer),
        addresses_(std::move(addresses)),
        from_(from),
        to_(to),
        options_(options),
        budget_(options.steps) {}

  Result<void> take_calendar(FolderId folder, bool with_details) {
    Result<void> outcome;
    TRY_VOID(reader_.in_time(folder, from_, to_, [&](const Entry& entry, const Facts& facts) {
      const bool counts = facts.component == Facts::Component::event && !facts.is_transparent &&
                          facts.status != "CANCELLED" && facts.uid != options_.except_uid;
      if (counts) outcome = take(entry, facts, with_details && facts.privacy == Privacy::open);
      return outcome.has_value();
    }));
    return outcome;
  }

  // What cannot be read takes no time.
  Result<void> take_availability(const std::string& calendar) {
    const auto read = icalendar::read(calendar);
    if (!read) return {};
    const auto times =
        icalendar::unavailable_times(read->calendars.front(), {.from = from_, .to = to_}, zones_, viewer_, budget_);
    if (!times && times.error().code == Errc::too_large) return std::unexpected(times.error());
    if (!times) return {};
    if (found_.size() + times->size() > options_.most)
      return fail(Errc::too_large, "There are too many times that are not available.");
    for (const icalendar::Busy& one : *times) found_.push_back({one.from, one.to, busy_kind_of(one.type), {}, {}, {}});
    return {};
  }

  std::vector<BusyPeriod> take_found() {
    std::ranges::sort(found_, {}, [](const BusyPeriod& period) { return std::tuple(period.from, period.to); });
    return std::move(found_);
  }

 private:
  Result<void> take(const Entry& entry, const Facts& facts, bool with_details) {
    TRY(const auto content, reader_.content(entry.item));
    TRY(const std::string bytes, content->read(0, content->size()));
    const auto read = icalendar::read(bytes);
    if (!read) return {};
    const lines::Component& calendar = read->calendars.front();
    // What was declined is not even reckoned: whoever invites to it every second must not use up the steps.
    const bool takes_time = std::ranges::any_of(calendar.components, [&](const lines::Component& part) {
      return icalendar::kind_of(part) == icalendar::ComponentKind::event && effect_of(part, addresses_).has_value();
    });
    if (!takes_time) return {};
    const auto series = icalendar::Series::open(calendar, facts.uid, zones_, viewer_);
    if (!series) return {};
    auto all = series->expand(from_, to_);
    for (;;) {
      TRY(const auto instance, all.next(budget_));
      if (!instance) return {};
      const auto kind = effect_of(*instance->component, addresses_);
      if (!kind || instance->start == instance->end) continue;
      if (found_.size() >= options_.most) return fail(Errc::too_large, "There are too many events in this time.");
      BusyPeriod period{std::max(instance->start, from_), std::min(instance->end, to_), *kind, {}, {}, {}};
      if (with_details) {
        period.summary = icalendar::text(*instance->component, "SUMMARY");
        period.location = icalendar::text(*instance->component, "LOCATION");
        period.uid = facts.uid;
      }
      found_.push_back(std::move(period));
    }
  }

  const Reader& reader_;
  const icalendar::ZoneDatabase& zones_;
  icalendar::ZonePointer viewer_;
  std::vector<std::string> addresses_;
  Instant from_, to_;
  const FreeBusyOptions& options_;
  icalendar::Budget budget_;
  std::vector<BusyPeriod> found_;
};

bool counts(const Folder& folder) {
  if (folder.kind != Kind::calendar) return false;
  const auto transparent = folder.properties.find(kTransparentCalendar);
  return transparent == folder.properties.end() || transparent->second != "true";
}

}  // namespace

Result<std::vector<BusyPeriod>> free_busy(Account& account, const directory::Directory& directory,
                                          const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer,
                                          const Caller& caller, Instant from, Instant to,
                                          const FreeBusyOptions& options) {
  if (from >= to) return fail(Errc::invalid, "A time must begin before it ends.");
  TRY(const auto owner, directory.by_account(account.id()));
  std::vector<std::string> addresses;
  for (const auto& address : owner.addresses) addresses.push_back(to_lower(address));
  constexpr std::uint32_t kMayAsk = right::kFreeBusy | right::kFreeBusyDetails | right::kRead;
  constexpr std::uint32_t kMayKnow = right::kFreeBusyDetails | right::kRead;
  const auto main = account.folders()->by_role(FolderRole::calendar);
  const bool may_ask_all = main && (account.rights(caller, main->id) & kMayAsk) != 0;
  TRY(const auto reader, account.read(Caller::system()));
  BusySearch search(*reader, zones, viewer, std::move(addresses), from, to, options);
  bool may_ask_any = may_ask_all;
  for (const FolderTable::Pointer& folder : reader->folders()->all()) {
    const std::uint32_t rights = folder->kind == Kind::calendar ? account.rights(caller, folder->id) : 0;
    if (!may_ask_all && (rights & kMayAsk) == 0) continue;
    may_ask_any = true;
    if (counts(*folder)) TRY_VOID(search.take_calendar(folder->id, (rights & kMayKnow) != 0));
  }
  if (!may_ask_any) return fail(Errc::denied, "you may not know when they are busy");
  if (may_ask_all)
    if (const auto hours = main->properties.find(kAvailability); hours != main->properties.end())
      TRY_VOID(search.take_availability(hours->second));
  return search.take_found();
}

std::vector<BusyPeriod> merged(std::vector<BusyPeriod> periods) {
  // How many of each kind go on at a moment changes at these.
  std::map<Instant, std::array<int, 4>> changes;
  for (const BusyPeriod& period : periods) {
    if (period.from >= period.to) continue;
    changes[period.from][static_cast<std::size_t>(weight(period.kind))] += 1;
    changes[period.to][static_cast<std::size_t>(weight(period.kind))] -= 1;
  }
  constexpr std::array kByWeight = {BusyKind::tentative, BusyKind::unavailable, BusyKind::busy,
                                    BusyKind::out_of_office};
  std::vector<BusyPeriod> out;
  std::array<int, 4> present{};
  std::optional<BusyKind> kind;
  Instant since;
  for (const auto& [at, change] : changes) {
    std::optional<BusyKind> now;
    for (std::size_t i = 0; i < present.size(); ++i) {
      present[i] += change[i];
      if (present[i] > 0) now = kByWeight[i];
    }
    if (now == kind) continue;
    if (kind) out.push_back({since, at, *kind, {}, {}, {}});
    kind = now;
    since = at;
  }
  return out;
}

}  // namespace kontor::groupware
