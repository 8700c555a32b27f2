// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_index.h"

#include <algorithm>
#include <string_view>

#include "groupware/search/fold.h"

namespace kontor::dav {
namespace {

using groupware::Entry;
using groupware::Facts;

constexpr std::size_t kEntriesKept = 5'000;

std::string_view name_of(Facts::Component component) {
  switch (component) {
    case Facts::Component::event:
      return "VEVENT";
    case Facts::Component::todo:
      return "VTODO";
    case Facts::Component::journal:
      return "VJOURNAL";
    case Facts::Component::free_busy:
      return "VFREEBUSY";
    case Facts::Component::availability:
      return "VAVAILABILITY";
    default:
      return {};
  }
}

// An item that could not be understood may be anything. Of `sought` the UID is folded.
bool may_have(const Facts& facts, const Sought& sought) {
  if (!facts.problem.empty()) return true;
  if (!sought.component.empty() && name_of(facts.component) != sought.component) return false;
  if (sought.has_alarm && !facts.has_alarms) return false;
  return !sought.uid || groupware::fold_text(facts.uid).contains(*sought.uid);
}

// What could not be understood at all may be anything that belongs in its folder.
bool may_be(groupware::Kind kind, std::string_view component) {
  if (component == "VTODO") return kind == groupware::Kind::tasks;
  if (component == "VJOURNAL") return kind == groupware::Kind::notes;
  return component.empty() || kind == groupware::Kind::calendar;
}

Candidate candidate_of(const Entry& entry, bool is_certain, std::size_t before) {
  return {.item = entry.item,
          .uid = entry.uid,
          .is_certain = is_certain,
          .entry = before < kEntriesKept ? std::make_shared<const Entry>(entry) : nullptr};
}

// Whether the earliest instance begins in that time: then nothing of it need be read. The rules of a zone may have
// changed since the item came.
bool certainly_begins(const Facts& facts, const icalendar::Window& window) {
  constexpr std::chrono::hours kChange(3);
  if (!facts.problem.empty() || facts.component != Facts::Component::event || !facts.first || facts.is_floating)
    return false;
  const std::chrono::hours margin = facts.is_zoned ? kChange : std::chrono::hours(0);
  return window.from <= *facts.first - margin && *facts.first + margin < window.to;
}

// Tasks may match without having a time, others whose time is not kept in the index at all.
bool is_all_in_index(const Sought& sought) {
  return sought.time && (sought.component == "VEVENT" || sought.component == "VJOURNAL");
}

// From a second before to one after, for what is at the edge.
icalendar::Window with_edges(const icalendar::Window& window) {
  constexpr std::chrono::seconds kEdge(1);
  return {.from = window.from == Instant::min() ? window.from : window.from - kEdge,
          .to = window.to == Instant::max() ? window.to : window.to + kEdge};
}

Outcome<> add_by_time(groupware::Reader& reader, const groupware::Folder& folder, const Sought& sought,
                      std::vector<Candidate>& out) {
  const auto [from, to] = with_edges(*sought.time);
  TRY_VOID(reader.in_time(folder.id, from, to, [&](const groupware::Entry& entry, const Facts& facts) {
    if (may_have(facts, sought)) out.push_back(candidate_of(entry, certainly_begins(facts, *sought.time), out.size()));
    return true;
  }));
  return {};
}

// False: the index does not know.
Outcome<bool> add_by_alarms(groupware::Reader& reader, const groupware::Folder& folder, const Sought& sought,
                            std::vector<Candidate>& out) {
  const auto [from, to] = with_edges(*sought.rings);
  TRY(const bool is_known, reader.ringing(folder.id, from, to, [&](const groupware::Entry& entry, const Facts& facts) {
    if (may_have(facts, sought)) out.push_back(candidate_of(entry, false, out.size()));
    return true;
  }));
  return is_known;
}

// All of them: their contents tell as soon as what is known of them.
Outcome<> add_unseen(groupware::Reader& reader, const groupware::Folder& folder, const Sought&,
                     std::vector<Candidate>& out) {
  TRY(const auto rows, reader.view(folder.id));
  out.reserve(rows->size());
  rows->each(0, rows->size(), [&](std::uint32_t, const groupware::Row& row) {
    out.push_back({.item = row.item, .uid = row.uid});
    return true;
  });
  return {};
}

// Without a look at names: what may be found is little beside what is there.
Outcome<> add_by_facts(groupware::Reader& reader, const groupware::Folder& folder, const Sought& sought,
                       std::vector<Candidate>& out) {
  TRY_VOID(reader.facts_in(folder.id, [&](Uid uid, ItemId item, const Facts* facts) {
    if (facts == nullptr || may_have(*facts, sought)) out.push_back({.item = item, .uid = uid});
  }));
  return {};
}

Outcome<> add_all(groupware::Reader& reader, const groupware::Folder& folder, const Sought& sought,
                  std::vector<Candidate>& out) {
  const bool is_any = sought.component.empty() && !sought.time;
  std::vector<Candidate> all;
  TRY_VOID(reader.entries(folder.id, [&](const Entry& entry) {
    if (may_be(entry.kind, sought.component)) all.push_back(candidate_of(entry, is_any, all.size()));
    return true;
  }));
  if (is_any) {
    out = std::move(all);
    return {};
  }
  std::ranges::sort(all, {}, &Candidate::item);
  std::vector<ItemId> items;
  items.reserve(all.size());
  for (const Candidate& one : all) items.push_back(one.item);
  // Of what nothing is known, it has to be looked at.
  auto next = all.begin();
  const auto take_up_to = [&](ItemId item) {
    for (; next != all.end() && next->item < item; ++next) out.push_back(std::move(*next));
  };
  TRY_VOID(reader.facts(std::move(items), [&](ItemId item, const Facts& facts) {
    take_up_to(item);
    for (; next != all.end() && next->item == item; ++next) {
      if (!may_have(facts, sought)) continue;
      next->is_certain = facts.problem.empty() && !sought.time;
      out.push_back(std::move(*next));
    }
  }));
  std::ranges::move(next, all.end(), std::back_inserter(out));
  return {};
}

}  // namespace

Outcome<std::vector<Candidate>> candidates_in(groupware::Reader& reader, const groupware::Folder& folder,
                                              Sought sought) {
  std::vector<Candidate> out;
  if (sought.uid) sought.uid = groupware::fold_text(*sought.uid);
  bool is_done = false;
  if (sought.rings) {
    TRY(is_done, add_by_alarms(reader, folder, sought, out));
  }
  if (!is_done) {
    const bool is_by_content = sought.has_text && !sought.uid && !sought.has_alarm;
    const auto add = is_all_in_index(sought) ? add_by_time
                     : sought.is_all         ? add_all
                     : is_by_content         ? add_unseen
                                             : add_by_facts;
    TRY_VOID(add(reader, folder, sought, out));
  }
  std::ranges::sort(out, {}, &Candidate::item);
  return out;
}

}  // namespace kontor::dav
