// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/own_parts.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/instances.h"
#include "groupware/calendar/described_limits.h"

namespace kontor::groupware {
namespace {

using itip::PartKey;
using lines::Component;
using lines::Property;

constexpr std::string_view kTransp = "TRANSP";
constexpr std::string_view kOutlookBusy = "X-MICROSOFT-CDO-BUSYSTATUS";  // TRANSP with more shades

// What programs keep about the alarms of one person.
bool is_about_alarms(const Property& property) {
  return property.is("X-MOZ-LASTACK") || to_upper(property.name).starts_with("X-MOZ-SNOOZE-TIME") ||
         property.is("X-APPLE-DEFAULT-ALARM");
}
bool is_of_time(const Property& property) { return property.is(kTransp) || property.is(kOutlookBusy); }
bool is_alarm(const Component& component) { return icalendar::kind_of(component) == icalendar::ComponentKind::alarm; }

void strip_alarms(Component& part) {
  std::erase_if(part.properties, is_about_alarms);
  std::erase_if(part.components, is_alarm);
}
void strip_own(Component& part) {
  strip_alarms(part);
  std::erase_if(part.properties, is_of_time);
}

// Adds what `from` has of those parts.
void bring_alarms(const Component& from, Component& to) {
  std::ranges::copy_if(from.properties, std::back_inserter(to.properties), is_about_alarms);
  for (const Component& inner : from.components) {
    if (!is_alarm(inner)) continue;
    to.components.push_back(inner);
    to.components.back().place = Component::kLast;
  }
}
void bring_time(const Component& from, Component& to) {
  std::ranges::copy_if(from.properties, std::back_inserter(to.properties), is_of_time);
}

bool takes_same_time(const Component& a, const Component& b) {
  return icalendar::is_transparent(a) == icalendar::is_transparent(b) &&
         iequals(a.value(kOutlookBusy), b.value(kOutlookBusy));
}

// What a stub says of whether its instance takes time, wherever the item says another.
void say_time(const Component& part, Component& stub) {
  bring_time(part, stub);
  if (stub.find(kTransp) == nullptr) stub.set(kTransp, "OPAQUE");
}

Property recurrence_id_of(const PartKey& key) {
  using Kind = icalendar::When::Kind;
  icalendar::When when;
  when.kind = key.kind == PartKey::Kind::day    ? Kind::date
              : key.kind == PartKey::Kind::wall ? Kind::floating
                                                : Kind::utc;
  when.wall = icalendar::Wall(std::chrono::seconds(key.second));
  Property out{.name = "RECURRENCE-ID"};
  icalendar::set_when(out, when);
  if (key.and_future) out.set("RANGE", "THISANDFUTURE");
  return out;
}

// The parts of an item by their keys. `calendar` must outlive it.
using PartsByKey = std::map<PartKey, const Component*>;
PartsByKey parts_of(const Component& calendar, const icalendar::ZoneDatabase& zones) {
  itip::Parts parts(calendar, zones);
  PartsByKey out;
  for (const Component& part : calendar.components) {
    if (!itip::is_scheduled(part)) continue;
    if (const auto key = parts.key(part)) out.emplace(*key, &part);
  }
  return out;
}

const Component* find_part(const PartsByKey& parts, const PartKey& key) {
  const auto found = parts.find(key);
  return found == parts.end() ? nullptr : found->second;
}
// Of an instance without one of its own the series'.
const Component* find_or_whole(const PartsByKey& parts, const PartKey& key) {
  const Component* own = find_part(parts, key);
  return own != nullptr ? own : find_part(parts, PartKey());
}

void apply(const Component* stub, Component& part) {
  strip_alarms(part);
  if (stub == nullptr) return;
  if (stub->find(kTransp) != nullptr) std::erase_if(part.properties, is_of_time);
  bring_time(*stub, part);
  bring_alarms(*stub, part);
}

// What changes whenever a program writes, and what is each person's own.
bool is_of_writing(const Property& property) {
  return property.is("DTSTAMP") || property.is("LAST-MODIFIED") || property.is("CREATED") || property.is("SEQUENCE") ||
         property.is("X-MOZ-GENERATION");
}

std::string comparable(const Property& property) {
  std::vector<std::string> parameters;
  for (const lines::Parameter& one : property.parameters) {
    std::string text = to_upper(one.name);
    if (text == "SCHEDULE-STATUS") continue;  // the server's (RFC 6638 section 7.3)
    for (const std::string& value : one.values) text += '\0' + value;
    parameters.push_back(std::move(text));
  }
  std::ranges::sort(parameters);
  std::string out = to_upper(property.name);
  for (const std::string& one : parameters) out += '\1' + one;
  return out + '\2' + property.value;
}

// The same text for what says the same in another order.
std::string comparable(const Component& part) {
  std::vector<std::string> all;
  for (const Property& property : part.properties) all.push_back(comparable(property));
  for (const Component& inner : part.components) all.push_back(comparable(inner));
  std::ranges::sort(all);
  std::string out = to_upper(part.name) + '\3';
  for (const std::string& one : all) out += one + '\4';
  return out + '\5';
}
std::string shared_gist(Component part) {
  strip_own(part);
  std::erase_if(part.properties, is_of_writing);
  return comparable(part);
}

Component empty_calendar() {
  Component out{.name = "VCALENDAR"};
  out.set("VERSION", "2.0");
  out.set("PRODID", "-//Kontor//Kontor//EN");
  return out;
}

// Takes apart what one guest puts.
class Separation {
 public:
  Separation(const Component& put, const Component* present, const icalendar::ZoneDatabase& zones)
      : put_(put), present_(present), zones_(zones), parts_(parts_of(put, zones)) {
    if (present != nullptr) there_ = parts_of(*present, zones);
  }

  TakenApart run() {
    TakenApart out;
    out.own.text = own_text();
    const Component shared = shared_part();
    out.is_same = present_ != nullptr && is_as_present(shared);
    out.shared = icalendar::write(shared);
    return out;
  }

 private:
  // As soon as he says of one instance that it takes another time than the item has it, he says it of all.
  bool says_time() const {
    return std::ranges::any_of(parts_, [&](const auto& one) {
      const Component* base = find_or_whole(there_, one.first);
      return base != nullptr && !takes_same_time(*one.second, *base);
    });
  }

  std::string own_text() const {
    const bool with_time = says_time();
    const auto stub_of = [&](const Component& part) {
      Component stub{.name = to_upper(part.name)};
      if (with_time) say_time(part, stub);
      bring_alarms(part, stub);
      return stub;
    };
    Component out = empty_calendar();
    Component whole;
    if (const Component* series = find_part(parts_, PartKey())) whole = stub_of(*series);
    const bool is_whole_empty = whole.properties.empty() && whole.components.empty();
    if (!is_whole_empty) out.components.push_back(whole);
    for (const auto& [key, part] : parts_) {
      if (key.is_whole()) continue;
      Component stub = stub_of(*part);
      const bool is_like_whole = stub.properties == whole.properties && stub.components == whole.components;
      if (is_like_whole) continue;
      stub.properties.push_back(recurrence_id_of(key));
      out.components.push_back(std::move(stub));
    }
    return out.components.empty() ? std::string() : icalendar::write(out);
  }

  // An instance that is there for what is his alone: the item need not have it.
  static bool is_for_own_parts(itip::Parts& reckoned, const PartKey& key, const Component& part) {
    const auto derived = reckoned.derive(key);
    return derived && shared_gist(*derived) == shared_gist(part);
  }

  Component shared_part() const {
    itip::Parts reckoned(put_, zones_);
    std::set<const Component*> left_out;
    std::map<const Component*, const Component*> bases;
    std::ptrdiff_t reckons = itip::kMostParts;
    for (const auto& [key, part] : parts_) {
      const bool is_new = present_ != nullptr && !key.is_whole() && !there_.contains(key);
      if (is_new && reckons-- > 0 && is_for_own_parts(reckoned, key, *part)) left_out.insert(part);
      bases.emplace(part, find_or_whole(there_, key));
    }
    Component out = put_;
    out.components.clear();
    for (const Component& part : put_.components) {
      if (left_out.contains(&part)) continue;
      out.components.push_back(part);
      if (!itip::is_scheduled(part)) continue;
      Component& shared = out.components.back();
      strip_alarms(shared);
      const auto base = bases.find(&part);
      if (base == bases.end() || base->second == nullptr) continue;
      bring_alarms(*base->second, shared);
      if (takes_same_time(part, *base->second)) continue;
      std::erase_if(shared.properties, is_of_time);
      bring_time(*base->second, shared);
    }
    return out;
  }

  bool is_as_present(const Component& shared) const {
    const PartsByKey parts = parts_of(shared, zones_);
    return std::ranges::equal(parts, there_, [](const auto& a, const auto& b) {
      return a.first == b.first && shared_gist(*a.second) == shared_gist(*b.second);
    });
  }

  const Component& put_;
  const Component* present_;
  const icalendar::ZoneDatabase& zones_;
  PartsByKey parts_, there_;
};

}  // namespace

bool hides_from_guests(const Component& calendar) {
  return std::ranges::any_of(calendar.components, [](const Component& part) {
    return itip::is_scheduled(part) &&
           (std::ranges::any_of(part.properties, is_about_alarms) || std::ranges::any_of(part.components, is_alarm));
  });
}

Component without_alarms(Component calendar) {
  for (Component& part : calendar.components)
    if (itip::is_scheduled(part)) strip_alarms(part);
  return calendar;
}

Component with_own_parts(const Component& calendar, const Component& own, const icalendar::ZoneDatabase& zones) {
  const PartsByKey stubs = parts_of(own, zones);
  const PartsByKey parts = parts_of(calendar, zones);
  std::map<const Component*, PartKey> keys;
  for (const auto& [key, part] : parts) keys.emplace(part, key);
  Component out = calendar;
  for (std::size_t i = 0; i < calendar.components.size(); ++i) {
    if (!itip::is_scheduled(calendar.components[i])) continue;
    const auto key = keys.find(&calendar.components[i]);
    apply(key == keys.end() ? nullptr : find_or_whole(stubs, key->second), out.components[i]);
  }
  itip::Parts reckoned(calendar, zones);
  for (const auto& [key, stub] : stubs) {
    if (key.is_whole() || parts.contains(key)) continue;
    auto derived = reckoned.derive(key);
    if (!derived) continue;  // the series has no such instance any more
    apply(stub, *derived);
    out.components.push_back(*std::move(derived));
  }
  return out;
}

TakenApart take_apart(const Component& put, const Component* present, const icalendar::ZoneDatabase& zones) {
  return Separation(put, present, zones).run();
}

Result<std::string> seen_without(const std::string& bytes) {
  TRY(icalendar::Calendars read, icalendar::read(bytes, {}, kDescribedLimits));
  if (!hides_from_guests(read.calendars.front())) return bytes;
  return icalendar::write(without_alarms(std::move(read.calendars.front())));
}

Result<std::string> seen_with(const std::string& bytes, std::string_view own, const icalendar::ZoneDatabase& zones) {
  TRY(const icalendar::Calendars read, icalendar::read(bytes, {}, kDescribedLimits));
  TRY(const icalendar::Calendars stubs, icalendar::read(own, {}, kDescribedLimits));
  return icalendar::write(with_own_parts(read.calendars.front(), stubs.calendars.front(), zones));
}

Result<TakenApart> take_apart(std::string_view put, const std::string* present, const icalendar::ZoneDatabase& zones) {
  const auto read = icalendar::read(put, {}, kDescribedLimits);
  if (!read || read->calendars.size() != 1) return TakenApart{.shared = std::string(put)};
  const Component& calendar = read->calendars.front();
  std::optional<icalendar::Calendars> there;
  if (present != nullptr) {
    auto stored = icalendar::read(*present, {}, kDescribedLimits);
    if (stored) there = *std::move(stored);
  }
  TakenApart out = take_apart(calendar, there ? &there->calendars.front() : nullptr, zones);
  const bool is_untouched = out.own.text.empty() && !out.is_same && !hides_from_guests(calendar) &&
                            (!there || !hides_from_guests(there->calendars.front()));
  if (is_untouched) out.shared = put;  // byte for byte
  if (out.is_same) out.shared = *present;
  if (out.own.text.size() > kLargestOwnParts) return fail(Errc::too_large, "there are too many alarms in it");
  return out;
}

Facts seen_by_guest(Facts facts, const OwnRecord* own) {
  facts.has_alarms = own != nullptr && own->has_alarms;
  facts.has_email_alarms = own != nullptr && own->has_email_alarms;
  if (own != nullptr) facts.is_transparent = own->is_transparent;
  for (const AlarmWay way : kAlarmWays) facts.next(way) = own != nullptr ? own->next(way) : std::nullopt;
  return facts;
}

}  // namespace kontor::groupware
