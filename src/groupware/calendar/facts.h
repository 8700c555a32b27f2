// SPDX-License-Identifier: AGPL-3.0-or-later
// What is known of an item of a calendar, task list, notebook or address book without a look at its content: derived
// from it when it is staged, outside of all locks, and kept beside the item.
//
// Deriving takes bounded time and memory. An item that cannot be understood is kept all the same, with the reason: it
// is found by its name and, where it has one, by its UID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "formats/icalendar/zones.h"
#include "groupware/calendar/alarm_way.h"
#include "groupware/folder.h"

namespace kontor::groupware {

// CLASS of RFC 5545 section 3.8.1.3. Of private items those without right::kReadPrivate do not know; of confidential
// ones they are told when they take place.
enum class Privacy : std::uint8_t { open, confidential, private_ };

// From the first to the last moment at which some alarms of an item can ring.
struct AlarmSpan {
  bool operator==(const AlarmSpan&) const = default;

  Instant first, last;
};

struct Facts {
  enum class Component : std::uint8_t { none, event, todo, journal, free_busy, availability, card };

  bool operator==(const Facts&) const = default;
  // Nothing: the item has no time. A range without `last` never ends, or it takes too long to find out when.
  bool has_time() const { return first.has_value(); }

  Component component = Component::none;
  std::string uid;
  std::string summary;  // SUMMARY of the series itself; FN of a card. Long ones are cut
  std::string status;   // upper case
  std::string organizer;
  std::vector<std::string> emails;  // of a card
  Privacy privacy = Privacy::open;  // the strictest of its components
  // The earliest begin and the latest end of all instances. Floating times and whole days as UTC has them.
  std::optional<Instant> first, last;
  bool is_recurring = false;    // rules or dates; not: overrides alone
  bool is_floating = false;     // times that the viewer's zone decides: floating ones, and whole days
  bool is_zoned = false;        // times that a zone's rules decide
  bool is_transparent = false;  // all of its components are
  bool has_attendees = false;
  bool has_alarms = false;
  bool has_email_alarms = false;
  // Nothing, although it has alarms: when they ring was not found out. See alarm_spans.h.
  std::vector<AlarmSpan> alarm_spans;
  bool is_group = false;  // a card of a group
  // The next alarm of each way after the moment of deriving, or after the one that was told of last.
  std::optional<Instant> next_alarm, next_shown_alarm;
  std::optional<Instant>& next(AlarmWay way) { return way == AlarmWay::mail ? next_alarm : next_shown_alarm; }
  const std::optional<Instant>& next(AlarmWay way) const {
    return way == AlarmWay::mail ? next_alarm : next_shown_alarm;
  }
  std::string problem;  // why it could not be understood; empty: it was
  // The managed attachments of this server that it refers to, ascending; see attachments.h.
  std::vector<std::string> attachments;
};

// What is derived of content when it is staged.
struct Description {
  Facts facts;
  // Of what those see who may not read what is confidential; only of such items.
  std::uint64_t redacted_size = 0;
  std::string redacted_hash;
  // Of what guests see who have said nothing (own_parts.h), where that is not the item as it is.
  std::uint64_t bare_size = 0;
  std::string bare_hash;
};

// Larger content is kept, but not looked at.
constexpr std::size_t kLargestDescribed = std::size_t{10} << 20;

// `home` decides when floating alarms are due. Of `kind` mail or files nothing is known.
Description describe(Kind kind, std::string_view bytes, const icalendar::ZoneDatabase& zones,
                     const icalendar::ZonePointer& home, Instant now);
// Of content that was not looked at, and why.
Description undescribed(Kind kind, std::string problem);

// The kind of items that such a component makes; `otherwise` where that is not known.
Kind kind_of(Facts::Component component, Kind otherwise);

// What is left of the facts for those who may not read what is confidential.
Facts redacted(Facts facts);

}  // namespace kontor::groupware
