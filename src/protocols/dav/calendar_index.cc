// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_index.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/bytes.h"

namespace kontor::dav {
namespace {

using groupware::Facts;

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

// An item that could not be understood may be anything.
bool may_have(const Facts& facts, const Sought& sought) {
  if (!facts.problem.empty()) return true;
  if (!sought.component.empty() && name_of(facts.component) != sought.component) return false;
  return !sought.uid || to_upper(facts.uid).contains(to_upper(*sought.uid));
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

Outcome<> add_by_time(groupware::Reader& reader, const groupware::Folder& folder, const Sought& sought,
                      std::vector<Candidate>& out) {
  constexpr std::chrono::seconds kEdge(1);
  const icalendar::Window window = *sought.time;
  const Instant from = window.from == Instant::min() ? window.from : window.from - kEdge;
  const Instant to = window.to == Instant::max() ? window.to : window.to + kEdge;
  TRY_VOID(reader.in_time(folder.id, from, to, [&](const groupware::Entry& entry, const Facts& facts) {
    if (may_have(facts, sought))
      out.push_back({.item = entry.item, .uid = entry.uid, .is_certain = certainly_begins(facts, window)});
    return true;
  }));
  return {};
}

Outcome<> add_all(groupware::Reader& reader, const groupware::Folder& folder, const Sought& sought,
                  std::vector<Candidate>& out) {
  const bool is_any = sought.component.empty() && !sought.time && !sought.uid;
  std::vector<Candidate> all;
  TRY_VOID(reader.entries(folder.id, [&](const groupware::Entry& entry) {
    all.push_back({.item = entry.item, .uid = entry.uid, .is_certain = is_any});
    return true;
  }));
  std::ranges::sort(all, {}, &Candidate::item);
  for (Candidate& one : all) {
    if (!is_any) {
      const auto facts = reader.facts(one.item);
      if (facts && !may_have(*facts, sought)) continue;
      one.is_certain = facts && facts->problem.empty() && !sought.time && !sought.uid;
    }
    out.push_back(one);
  }
  return {};
}

}  // namespace

Outcome<std::vector<Candidate>> candidates_in(groupware::Reader& reader, const groupware::Folder& folder,
                                              const Sought& sought) {
  std::vector<Candidate> out;
  TRY_VOID(is_all_in_index(sought) ? add_by_time(reader, folder, sought, out) : add_all(reader, folder, sought, out));
  std::ranges::sort(out, {}, &Candidate::item);
  return out;
}

}  // namespace kontor::dav
