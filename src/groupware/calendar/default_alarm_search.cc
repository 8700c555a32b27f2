// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/calendar_zone.h"
#include "groupware/calendar/default_alarms.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMostLookedAt = 5'000;  // items of one search
constexpr std::size_t kMostOfOne = 100;       // alarms of one item that are due at once
constexpr std::uint64_t kStepsOfOne = 50'000;
constexpr seconds kSlack{86'400 * 2};  // zones, and clocks that change

bool has_declined(const lines::Component& component, const std::vector<std::string>& addresses) {
  return std::ranges::any_of(icalendar::attendees(component), [&](const icalendar::Person& person) {
    return iequals(person.status, "DECLINED") && std::ranges::find(addresses, person.address) != addresses.end();
  });
}

std::optional<DefaultAlarm> default_of(const lines::Component& component) {
  const auto kind = icalendar::kind_of(component);
  const bool is_event = kind == icalendar::ComponentKind::event;
  if (!is_event && kind != icalendar::ComponentKind::todo) return std::nullopt;
  auto begin = icalendar::when(component, "DTSTART");
  if (!is_event && (!begin || !*begin)) begin = icalendar::when(component, "DUE");
  if (!begin || !*begin) return std::nullopt;
  if (is_event) return (*begin)->is_date() ? DefaultAlarm::event_date : DefaultAlarm::event_time;
  return (*begin)->is_date() ? DefaultAlarm::task_date : DefaultAlarm::task_time;
}

// What counts for a calendar, and how far it lies from what it is about.
class WantedSpan {
 public:
  explicit WantedSpan(WantedAlarms all) : all_(std::move(all)) {
    for (const WantedAlarm& wanted : all_)
      for (const lines::Component& component : wanted.alarms) {
        const auto alarm = icalendar::alarm_of(component);
        if (!alarm) continue;
        is_any_ = true;
        earliest_ = std::min(earliest_, alarm->before.length());
        latest_ = std::max(latest_, alarm->before.length() + alarm->every.length() * alarm->repeat);
      }
  }

  bool is_any() const { return is_any_; }
  seconds earliest() const { return earliest_; }
  seconds latest() const { return latest_; }
  const WantedAlarm& of(DefaultAlarm which) const { return all_[static_cast<std::size_t>(which)]; }

 private:
  WantedAlarms all_;
  bool is_any_ = false;
  seconds earliest_{0}, latest_{0};
};

// The items of one calendar that may have one in the time.
class CalendarSearch {
 public:
  CalendarSearch(const DefaultAlarmSearch& search, const Folder& folder, const WantedSpan& wanted,
                 DefaultAlarmNews& news)
      : search_(search), folder_(folder), wanted_(wanted), news_(news) {
    zone_ = own_zone(folder, search.zones);
    if (!zone_) zone_ = search.home;
  }

  Result<void> run(const Reader& reader, std::size_t& looked) {
    std::vector<Found> found;
    TRY_VOID(reader.in_time(folder_.id, search_.after - wanted_.latest() - kSlack,
                            search_.until - wanted_.earliest() + kSlack, [&](const Entry& entry, const Facts& facts) {
                              const bool can_have = facts.component == Facts::Component::event ||
                                                    facts.component == Facts::Component::todo;
                              if (!can_have || facts.has_alarms || !facts.problem.empty()) return true;
                              if (++looked > kMostLookedAt) {
                                news_.is_cut = true;
                                return false;
                              }
                              found.push_back({entry.item, entry.uid, entry.date.at, facts.uid});
                              return true;
                            }));
    std::ranges::sort(found, {}, &Found::item);
    std::vector<ItemId> ids;
    ids.reserve(found.size());
    for (const Found& one : found) ids.push_back(one.item);
    std::size_t at = 0;
    reader.contents(ids, [&](ItemId, const Result<std::shared_ptr<const Content>>& content) {
      look_into(found[at++], content);
      return true;
    });
    return {};
  }

 private:
  struct Found {
    ItemId item;
    Uid uid;
    Instant changed;
    std::string own_uid;
  };

  void look_into(const Found& one, const Result<std::shared_ptr<const Content>>& content) {
    if (!content || (*content)->size() > kLargestDescribed) return;
    const auto bytes = (*content)->read(0, static_cast<std::size_t>((*content)->size()));
    auto read = bytes ? icalendar::read(*bytes) : std::unexpected(bytes.error());
    if (!read) return;
    const auto calendar = std::make_shared<lines::Component>(std::move(read->calendars.front()));
    Instant since = one.changed;
    bool has_some = false;
    for (lines::Component& component : calendar->components) {
      const auto which = default_of(component);
      if (!which || has_declined(component, search_.addresses)) continue;
      const WantedAlarm& wanted = wanted_.of(*which);
      component.components.insert(component.components.end(), wanted.alarms.begin(), wanted.alarms.end());
      since = std::max(since, wanted.since);
      has_some |= !wanted.alarms.empty();
    }
    if (has_some)
      for (const AlarmWay way : kAlarmWays) add(one, calendar, way, std::max(since, search_.after));
  }

  void add(const Found& one, const std::shared_ptr<const lines::Component>& calendar, AlarmWay way, Instant after) {
    icalendar::Budget budget(kStepsOfOne);
    for (std::size_t count = 0;; ++count) {
      if (count == kMostOfOne) after = std::max(after, search_.now);
      const auto alarms = next_alarms(*calendar, one.own_uid, way, after, search_.zones, zone_, budget);
      if (!alarms || alarms->empty()) return;
      after = alarms->front().at;
      if (after > search_.now) {
        if (after < search_.until && (!news_.next || after < *news_.next)) news_.next = after;
        return;
      }
      for (const AlarmTime& alarm : *alarms)
        news_.due.push_back({{alarm.at, folder_.id, one.uid, one.item, way}, calendar, alarm});
    }
  }

  const DefaultAlarmSearch& search_;
  const Folder& folder_;
  const WantedSpan& wanted_;
  DefaultAlarmNews& news_;
  icalendar::ZonePointer zone_;
};

}  // namespace

Result<DefaultAlarmNews> find_default_alarms(const Reader& reader, const DefaultAlarmSearch& search) {
  DefaultAlarmNews news;
  const auto folders = reader.folders();
  const FolderTable::Pointer home = folders->by_role(FolderRole::calendar);
  std::size_t looked = 0;
  for (const FolderTable::Pointer& folder : folders->all()) {
    if (!takes(Kind::calendar, folder->kind) || folder->is_container) continue;
    const WantedSpan wanted(wanted_alarms(*folder, home.get()));
    if (!wanted.is_any()) continue;
    news.is_any = true;
    news.earliest = std::min(news.earliest, wanted.earliest());
    news.latest = std::max(news.latest, wanted.latest());
    TRY_VOID(CalendarSearch(search, *folder, wanted, news).run(reader, looked));
  }
  std::ranges::sort(news.due, {}, [](const DueDefaultAlarm& one) { return std::pair(one.due.at, one.due.item); });
  return news;
}

}  // namespace kontor::groupware
