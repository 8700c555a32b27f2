// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/free_busy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <tuple>

#include "base/bytes.h"
#include "directory/directory.h"
#include "formats/icalendar/availability.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/rule.h"
#include "formats/icalendar/series.h"
#include "groupware/accounts.h"
#include "groupware/calendar/calendar_zone.h"

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

icalendar::BusyType type_of_kind(BusyKind kind) {
  switch (kind) {
    case BusyKind::tentative:
      return icalendar::BusyType::tentative;
    case BusyKind::busy:
      return icalendar::BusyType::busy;
    case BusyKind::unavailable:
    case BusyKind::out_of_office:
      break;
  }
  return icalendar::BusyType::unavailable;
}

constexpr std::uint64_t kStepsOfOneEvent = 40'000;
constexpr std::size_t kHardlyEver = 10;  // instances
constexpr std::size_t kMostHours = 100;  // objects with VAVAILABILITY

class BusySearch {
 public:
  BusySearch(const icalendar::ZoneDatabase& zones, std::vector<std::string> addresses, icalendar::Window window,
             const FreeBusyOptions& options)
      : zones_(zones), addresses_(std::move(addresses)), window_(window), options_(options), budget_(options.steps) {}

  Result<void> take_calendar(const Reader& reader, FolderId folder, const icalendar::ZonePointer& viewer,
                             bool with_details) {
    viewer_ = viewer;
    Result<void> outcome;
    TRY_VOID(reader.in_time(folder, window_.from, window_.to, [&](const Entry& entry, const Facts& facts) {
      if (facts.uid != options_.except_uid || facts.uid.empty())
        outcome = take(reader, entry, facts, with_details && facts.privacy == Privacy::open);
      return outcome.has_value();
    }));
    return outcome;
  }

  // What cannot be read takes no time.
  void take_hours(const std::string& bytes, const icalendar::ZonePointer& viewer) {
    if (hours_.size() >= kMostHours) return;
    auto read = icalendar::read(bytes);
    if (!read) return;
    lines::Component& calendar = read->calendars.front();
    icalendar::Budget own(std::min(kStepsOfOneEvent, budget_.left()));
    if (!icalendar::unavailable_times(calendar, window_, zones_, viewer, own)) return;
    calendars_.push_back(std::move(calendar));
    hours_.push_back({&calendars_.back(), viewer});
  }

  Result<std::vector<BusyPeriod>> take_found() {
    TRY(const auto times, icalendar::unavailable_times(hours_, window_, zones_, budget_));
    for (const icalendar::Busy& one : times) TRY_VOID(add({one.from, one.to, busy_kind_of(one.type), {}, {}, {}}));
    std::ranges::sort(found_, {}, [](const BusyPeriod& period) { return std::tuple(period.from, period.to); });
    return std::move(found_);
  }

 private:
  Result<void> take(const Reader& reader, const Entry& entry, const Facts& facts, bool with_details) {
    const bool is_event = facts.component == Facts::Component::event;
    if (is_event && (facts.is_transparent || facts.status == "CANCELLED")) return {};
    if (!is_event && facts.component != Facts::Component::free_busy &&
        facts.component != Facts::Component::availability)
      return {};
    TRY(const auto content, reader.content(entry.item));
    TRY(const std::string bytes, content->read(0, content->size()));
    if (facts.component == Facts::Component::availability) {
      take_hours(bytes, viewer_);
      return {};
    }
    const auto read = icalendar::read(bytes);
    if (!read) return {};
    const lines::Component& calendar = read->calendars.front();
    return is_event ? take_event(calendar, facts, with_details) : take_told(calendar);
  }

  Result<void> take_told(const lines::Component& calendar) {
    std::vector<icalendar::Busy> times;
    for (const lines::Component& part : calendar.components)
      if (part.is("VFREEBUSY")) icalendar::told_times(part, window_, times);
    for (const icalendar::Busy& one : icalendar::merged(std::move(times)))
      TRY_VOID(add({one.from, one.to, busy_kind_of(one.type), {}, {}, {}}));
    return {};
  }

  Result<void> take_event(const lines::Component& calendar, const Facts& facts, bool with_details) {
    // What was declined is not even reckoned: whoever invites to it every second must not use up the steps.
    const bool takes_time = std::ranges::any_of(calendar.components, [&](const lines::Component& part) {
      return icalendar::kind_of(part) == icalendar::ComponentKind::event && effect_of(part, addresses_).has_value();
    });
    if (!takes_time) return {};
    const auto series = icalendar::Series::open(calendar, facts.uid, zones_, viewer_);
    if (!series) return {};
    icalendar::Budget own(std::min(kStepsOfOneEvent, budget_.left()));
    const std::uint64_t before = own.left();
    auto all = series->expand(window_.from, window_.to);
    Walk walk;
    bool is_cut = false;
    while (!is_cut) {
      const auto instance = all.next(own);
      if (instance && !*instance) break;
      is_cut = !instance || (walk.count >= kMostOfOneEvent && walk.is_dense());
      if (!is_cut) TRY_VOID(take_instance(**instance, facts, with_details, walk));
    }
    if (!budget_.spend(before - own.left())) return fail(Errc::too_large, "There is too much in this time.");
    return is_cut ? take_rest(*series, end_of(calendar, facts, walk), facts, with_details, walk) : Result<void>();
  }

  // What was seen of a series.
  struct Walk {
    std::size_t count = 0;
    Instant first{}, reached{};  // begins of the first and the last instance
    Instant::duration longest{};
    std::optional<BusyKind> kind;  // of the last that takes time

    bool is_dense() const { return reached - first <= std::chrono::hours(1) * static_cast<std::int64_t>(count); }
  };

  Result<void> take_instance(const icalendar::Instance& instance, const Facts& facts, bool with_details, Walk& walk) {
    if (walk.count++ == 0) walk.first = instance.start;
    walk.reached = instance.start;
    walk.longest = std::max(walk.longest, instance.end - instance.start);
    const auto kind = effect_of(*instance.component, addresses_);
    BusyPeriod period{std::max(instance.start, window_.from), std::min(instance.end, window_.to), {}, {}, {}, {}};
    if (!kind || period.from >= period.to) return {};
    period.kind = *kind;
    walk.kind = kind;
    if (with_details) {
      period.summary = icalendar::text(*instance.component, "SUMMARY");
      period.location = icalendar::text(*instance.component, "LOCATION");
      period.uid = facts.uid;
    }
    return add(std::move(period));
  }

  // No instance of the pattern ends later than that, or than the window.
  Instant end_of(const lines::Component& calendar, const Facts& facts, const Walk& walk) const {
    constexpr std::chrono::hours kZones(14);  // what is floating ends elsewhere at another time
    // What the index knows may be a day too late.
    const Instant known = facts.last ? *facts.last + (facts.is_floating ? kZones : std::chrono::hours(0)) : window_.to;
    Instant latest = window_.from;
    for (const lines::Component& part : calendar.components) {
      if (icalendar::kind_of(part) != icalendar::ComponentKind::event || part.find("RECURRENCE-ID") != nullptr)
        continue;
      if (part.find("RDATE") != nullptr) return known;
      for (const lines::Property* property : part.all("RRULE")) {
        const auto rule = icalendar::parse_rule(property->value);
        if (!rule || !rule->until) return known;
        const bool is_exact = rule->until->kind == icalendar::When::Kind::utc;
        latest = std::max(latest, Instant(rule->until->wall.time_since_epoch()) +
                                      (is_exact ? std::chrono::hours(0) : std::chrono::hours(24) + kZones));
      }
    }
    return std::min(known, latest + walk.longest);
  }

  // Instances that come all the time are one long time. A rule that hardly ever hits is no reason to be busy.
  Result<void> take_rest(const icalendar::Series& series, Instant end, const Facts& facts, bool with_details,
                         const Walk& walk) {
    for (const icalendar::Overridden& one : series.overridden()) {
      Walk ignored;
      if (walk.count == 0 || one.instance.start > walk.reached)
        TRY_VOID(take_instance(one.instance, facts, with_details, ignored));
    }
    if (!walk.kind || walk.count < kHardlyEver) return {};
    BusyPeriod rest{std::max(walk.reached, window_.from), std::min(end, window_.to), *walk.kind, {}, {}, {}};
    return rest.from < rest.to ? add(std::move(rest)) : Result<void>();
  }

  // Details go where there are very many: then it matters only when.
  Result<void> add(BusyPeriod period) {
    if (found_.size() >= options_.most) {
      found_ = merged(std::move(found_));
      if (found_.size() > options_.most / 2) return fail(Errc::too_large, "There are too many events in this time.");
    }
    found_.push_back(std::move(period));
    return {};
  }

  const icalendar::ZoneDatabase& zones_;
  icalendar::ZonePointer viewer_;  // of the calendar at hand
  const std::vector<std::string> addresses_;
  const icalendar::Window window_;
  const FreeBusyOptions& options_;
  icalendar::Budget budget_;
  std::deque<lines::Component> calendars_;  // what hours_ refers to
  std::vector<icalendar::Hours> hours_;
  std::vector<BusyPeriod> found_;
};

bool counts(const Folder& folder) {
  if (folder.kind != Kind::calendar) return false;
  const auto transparent = folder.properties.find(kTransparentCalendar);
  return transparent == folder.properties.end() || transparent->second != "true";
}

// What others share and the owner has said takes his time. What he may not read any more does not.
Result<void> take_shares(Accounts& accounts, PrincipalId owner, const FolderTable& folders,
                         const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer,
                         BusySearch& search) {
  for (const CountedShare& share : counted_shares(folders)) {
    const auto account = accounts.open(share.account);
    const auto reader = account ? (*account)->read(Caller::user(owner)) : std::unexpected(account.error());
    if (!reader && reader.error().code == Errc::unavailable) return std::unexpected(reader.error());
    if (!reader || ((*reader)->rights(share.folder) & right::kRead) == 0) continue;
    const auto folder = (*reader)->folder(share.folder);
    if (!folder || (*folder)->kind != Kind::calendar) continue;
    const auto zone = own_zone(**folder, zones);
    TRY_VOID(search.take_calendar(**reader, share.folder, zone ? zone : viewer, false));
  }
  return {};
}

std::optional<std::uint64_t> take_number(std::string_view& text, char behind) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || out == 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() != behind) return std::nullopt;
  if (!text.empty()) text.remove_prefix(1);
  return out;
}

}  // namespace

std::string print_counted_shares(const std::vector<CountedShare>& shares) {
  std::string out;
  for (const CountedShare& one : shares)
    out += fmt::format("{}{}-{}", out.empty() ? "" : " ", one.account.value, one.folder.value);
  return out;
}

std::vector<CountedShare> counted_shares(const FolderTable& folders) {
  std::vector<CountedShare> out;
  const auto calendar = folders.by_role(FolderRole::calendar);
  if (!calendar) return out;
  const auto kept = calendar->properties.find(kCountedShares);
  if (kept == calendar->properties.end()) return out;
  for (std::string_view text = kept->second; !text.empty() && out.size() < kMostCountedShares;) {
    const auto account = take_number(text, '-');
    const auto folder = account ? take_number(text, ' ') : std::nullopt;
    if (!folder) return {};
    out.push_back({AccountId(*account), FolderId(*folder)});
  }
  return out;
}

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
  const bool may_ask_all = !options.only && main && (account.rights(caller, main->id) & kMayAsk) != 0;
  TRY(const auto reader, account.read(Caller::system()));
  BusySearch search(zones, std::move(addresses), {.from = from, .to = to}, options);
  bool may_ask_any = may_ask_all;
  for (const FolderTable::Pointer& folder : reader->folders()->all()) {
    if (options.only && folder->id != *options.only) continue;
    const std::uint32_t rights = account.rights(caller, folder->id);
    const bool is_asked = options.only || folder->kind == Kind::calendar;
    if (!may_ask_all && (!is_asked || (rights & kMayAsk) == 0)) continue;
    may_ask_any = true;
    if (!options.only && !counts(*folder)) continue;
    const auto zone = own_zone(*folder, zones);
    TRY_VOID(search.take_calendar(*reader, folder->id, zone ? zone : viewer, (rights & kMayKnow) != 0));
  }
  if (!may_ask_any) return fail(Errc::denied, "you may not know when they are busy");
  if (may_ask_all && options.others != nullptr)
    TRY_VOID(take_shares(*options.others, owner.id, *reader->folders(), zones, viewer, search));
  if (may_ask_all && main->properties.contains(kAvailability)) {
    const auto zone = own_zone(*main, zones);
    search.take_hours(main->properties.at(kAvailability), zone ? zone : viewer);
  }
  return search.take_found();
}

std::vector<icalendar::Busy> told(std::vector<BusyPeriod> periods) {
  std::vector<icalendar::Busy> out;
  for (const BusyPeriod& one : merged(std::move(periods)))
    out.push_back({.from = one.from, .to = one.to, .type = type_of_kind(one.kind)});
  return icalendar::merged(std::move(out));
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
