// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/facts.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"
#include "formats/itip/attachments.h"
#include "formats/vcard/card.h"
#include "groupware/calendar/alarm_spans.h"
#include "groupware/calendar/alarms.h"
#include "groupware/calendar/attachments.h"
#include "groupware/calendar/described_limits.h"
#include "groupware/calendar/own_parts.h"
#include "groupware/calendar/redact.h"

namespace kontor::groupware {
namespace {

using icalendar::ComponentKind;

constexpr std::size_t kLongestText = 1000;
constexpr std::size_t kLongestUid = 4000;
constexpr std::size_t kMostEmails = 100;
constexpr std::size_t kMostAttachments = 1000;
constexpr std::uint64_t kSteps = 50'000;

std::string cut(std::string text, std::size_t longest = kLongestText) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  text.resize(longest);
  return text;
}

Facts::Component component_of(const lines::Component& component) {
  switch (icalendar::kind_of(component)) {
    case ComponentKind::event:
      return Facts::Component::event;
    case ComponentKind::todo:
      return Facts::Component::todo;
    case ComponentKind::journal:
      return Facts::Component::journal;
    case ComponentKind::free_busy:
      return Facts::Component::free_busy;
    case ComponentKind::availability:
      return Facts::Component::availability;
    default:
      return Facts::Component::none;
  }
}

Privacy privacy_of(const lines::Component& component) {
  switch (icalendar::class_of(component)) {
    case icalendar::Class::open:
      return Privacy::open;
    case icalendar::Class::confidential:
      return Privacy::confidential;
    case icalendar::Class::private_:
      return Privacy::private_;
  }
  return Privacy::private_;
}

// Which clocks decide about the component's times.
void take_clocks(const lines::Component& component, Facts& facts) {
  for (const lines::Property& property : component.properties) {
    const bool is_time = property.is("DTSTART") || property.is("DTEND") || property.is("DUE") || property.is("RDATE") ||
                         property.is("RECURRENCE-ID");
    if (!is_time) continue;
    if (property.find("TZID") != nullptr)
      facts.is_zoned = true;
    else if (!property.value.ends_with('Z') && !property.value.ends_with('z'))
      facts.is_floating = true;
  }
}

void take_alarms(const lines::Component& component, Facts& facts) {
  for (const lines::Component& inner : component.components) {
    if (icalendar::kind_of(inner) != ComponentKind::alarm) continue;
    facts.has_alarms = true;
    if (goes(inner, AlarmWay::mail)) facts.has_email_alarms = true;
  }
}

void take_component(const lines::Component& component, bool is_first, Facts& facts) {
  facts.privacy = std::max(facts.privacy, privacy_of(component));
  facts.is_transparent = (is_first || facts.is_transparent) && icalendar::is_transparent(component);
  facts.has_attendees = facts.has_attendees || component.find("ATTENDEE") != nullptr;
  take_clocks(component, facts);
  take_alarms(component, facts);
  // Of the series itself or, where that is not there, of the first override.
  if (!is_first && component.find("RECURRENCE-ID") != nullptr) return;
  facts.summary = cut(icalendar::text(component, "SUMMARY"));
  facts.status = cut(to_upper(icalendar::text(component, "STATUS")));
  if (const auto organizer = icalendar::organizer(component)) facts.organizer = cut(organizer->address);
}

// RFC 4791 section 9.9: a task with neither a begin nor an end is there at any time; a report of busy times has its
// own.
void take_loose_times(const lines::Component& component, Facts& facts) {
  if (facts.component == Facts::Component::todo) {
    facts.first = Instant::min();
    return;
  }
  if (facts.component != Facts::Component::free_busy && facts.component != Facts::Component::availability) return;
  const auto start = icalendar::when(component, "DTSTART"), end = icalendar::when(component, "DTEND");
  facts.first = start && *start ? Instant((*start)->wall.time_since_epoch()) : Instant::min();
  if (end && *end) facts.last = std::max(Instant((*end)->wall.time_since_epoch()), *facts.first);
}

void take_times(const lines::Component& calendar, const lines::Component& main, const icalendar::ZoneDatabase& zones,
                const icalendar::ZonePointer& home, Instant now, Facts& facts) {
  const bool takes_place = facts.component == Facts::Component::event || facts.component == Facts::Component::todo ||
                           facts.component == Facts::Component::journal;
  if (!takes_place) return take_loose_times(main, facts);
  const auto series = icalendar::Series::open(calendar, facts.uid, zones, icalendar::utc_zone());
  if (!series) {
    facts.problem = series.error().text;
    return;
  }
  facts.is_recurring = series->is_recurring();
  icalendar::Budget budget(kSteps);
  if (const auto extent = series->extent(budget)) {
    facts.first = extent->first;
    facts.last = extent->last;
    if (facts.last) facts.last = std::max(*facts.last, *facts.first);
  } else {
    take_loose_times(main, facts);
  }
  if (facts.component == Facts::Component::event && main.find("DTSTART") == nullptr)
    facts.problem = "The event has no DTSTART.";
  if (!facts.has_alarms) return;
  facts.alarm_spans = alarm_spans(calendar, facts, zones);
  for (const AlarmWay way : kAlarmWays) {
    icalendar::Budget alarm_budget(kSteps);
    const auto next = next_alarms(calendar, facts.uid, way, now, zones, home, alarm_budget);
    if (next && !next->empty()) facts.next(way) = next->front().at;
  }
}

std::vector<std::string> attachments_of(const lines::Component& object) {
  std::vector<std::string> ids = itip::managed_ids(object);
  std::erase_if(ids, [](const std::string& id) { return !account_of_attachment(id); });
  if (ids.size() > kMostAttachments) ids.resize(kMostAttachments);
  return ids;
}

void describe_calendar(std::string_view bytes, const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& home,
                       Instant now, Description& out) {
  Facts& facts = out.facts;
  const auto read = icalendar::read(bytes, {}, kDescribedLimits);
  if (!read) {
    out = undescribed(Kind::calendar, read.error().text);
    return;
  }
  const lines::Component& calendar = read->calendars.front();
  const lines::Component* main = nullptr;
  std::set<std::string> uids;
  for (const lines::Component& component : calendar.components) {
    const Facts::Component kind = component_of(component);
    if (kind == Facts::Component::none) continue;
    if (main == nullptr) facts.component = kind;
    if (kind != facts.component) facts.problem = "It holds components of several kinds.";
    uids.insert(icalendar::uid(component));
    take_component(component, main == nullptr, facts);
    if (main == nullptr || main->find("RECURRENCE-ID") != nullptr) main = &component;
  }
  if (main == nullptr) {
    facts.problem = "It holds no component that is known.";
    return;
  }
  if (uids.size() > 1 || read->calendars.size() > 1) facts.problem = "It holds several items.";
  // Whoever may read the item reads all of it.
  for (const lines::Component& other : read->calendars)
    for (const lines::Component& component : other.components)
      if (component_of(component) != Facts::Component::none)
        facts.privacy = std::max(facts.privacy, privacy_of(component));
  facts.attachments = attachments_of(calendar);
  if (uids.size() == 1) facts.uid = *uids.begin();
  if (facts.uid.empty() && facts.problem.empty()) facts.problem = "It has no UID.";
  if (facts.uid.size() > kLongestUid) {
    facts.uid.clear();
    facts.problem = "Its UID is too long.";
  }
  if (facts.problem.empty()) take_times(calendar, *main, zones, home, now, facts);
  if (hides_from_guests(calendar)) {
    const std::string bare = icalendar::write(without_alarms(calendar));
    out.bare_size = bare.size();
    out.bare_hash = sha256(bare);
  }
  if (facts.privacy != Privacy::confidential) return;
  const std::string seen = redact(calendar);
  out.redacted_size = seen.size();
  out.redacted_hash = sha256(seen);
}

void describe_card(std::string_view bytes, Facts& facts) {
  facts.component = Facts::Component::card;
  const auto read = vcard::read(bytes, {}, kDescribedLimits);
  if (!read) {
    facts.problem = read.error().text;
    return;
  }
  const vcard::Component& card = read->cards.front();
  facts.uid = vcard::text(card, "UID");
  facts.summary = cut(vcard::text(card, "FN"));
  for (const vcard::Detail& email : vcard::details(card, "EMAIL"))
    if (facts.emails.size() < kMostEmails) facts.emails.push_back(cut(email.value));
  facts.is_group = vcard::is_group(card);
  facts.attachments = attachments_of(card);
  if (read->cards.size() > 1) {
    facts.uid.clear();
    facts.problem = "It holds several cards.";
  } else if (facts.uid.empty()) {
    facts.problem = "It has no UID.";
  } else if (facts.uid.size() > kLongestUid) {
    facts.uid.clear();
    facts.problem = "Its UID is too long.";
  }
}

}  // namespace

// What cannot be read may be private for all that is known.
Description undescribed(Kind kind, std::string problem) {
  Description out;
  out.facts.problem = std::move(problem);
  if (kind != Kind::contacts) out.facts.privacy = Privacy::private_;
  return out;
}

Description describe(Kind kind, std::string_view bytes, const icalendar::ZoneDatabase& zones,
                     const icalendar::ZonePointer& home, Instant now) {
  Description out;
  if (!is_described(kind)) return out;
  if (bytes.size() > kLargestDescribed) return undescribed(kind, "It is too large to be looked at.");
  if (kind == Kind::contacts)
    describe_card(bytes, out.facts);
  else
    describe_calendar(bytes, zones, home, now, out);
  return out;
}

Kind kind_of(Facts::Component component, Kind otherwise) {
  switch (component) {
    case Facts::Component::event:
    case Facts::Component::free_busy:
    case Facts::Component::availability:
      return Kind::calendar;
    case Facts::Component::todo:
      return Kind::tasks;
    case Facts::Component::journal:
      return Kind::notes;
    case Facts::Component::card:
      return Kind::contacts;
    case Facts::Component::none:
      break;
  }
  return otherwise;
}

Facts redacted(Facts facts) {
  facts.summary = kRedactedSummary;
  facts.organizer.clear();
  facts.has_attendees = facts.has_alarms = facts.has_email_alarms = false;
  for (const AlarmWay way : kAlarmWays) facts.next(way).reset();
  facts.alarm_spans.clear();
  facts.problem.clear();
  facts.attachments.clear();
  return facts;
}

}  // namespace kontor::groupware
