// SPDX-License-Identifier: AGPL-3.0-or-later
// Times of CalDAV and what a report wants of calendars and cards: RFC 4791 section 9.6, RFC 6352 section 10.4.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "wire/dav/refusal.h"
#include "wire/xml/element.h"

namespace kontor::wire::dav {

// From `start` to before `end`; open where one is missing, never both.
struct TimeRange {
  std::optional<Instant> start, end;

  bool operator==(const TimeRange&) const = default;
};

// RFC 4791 sections 5.2.6 and 5.2.7: what calendars reckon with lies between, both included.
constexpr Instant kEarliestTime = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr Instant kLatestTime =
    Instant(std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1)) - std::chrono::seconds(1);

// "20060104T000000Z".
std::optional<Instant> parse_utc_time(std::string_view text);
std::string print_utc_time(Instant time);

// From the attributes start and end. `needs_both`: as for expand and free-busy-query. Refused, with its precondition,
// is what begins before kEarliestTime or ends after kLatestTime.
Parsed<TimeRange> parse_time_range(const xml::Element& element, bool needs_both);

// Which part of a component is wanted.
struct WantedComponent {
  std::string name;  // upper case
  bool has_all_properties = false;
  bool has_all_components = false;
  struct Property {
    std::string name;  // upper case
    bool is_without_value = false;
  };
  std::vector<Property> properties;
  std::vector<WantedComponent> components;
};

struct CalendarData {
  std::string content_type = "text/calendar";
  std::string version = "2.0";
  std::optional<WantedComponent> only;       // nothing: all
  std::optional<TimeRange> expand;           // recurrences become instances
  std::optional<TimeRange> overridden;       // limit-recurrence-set
  std::optional<TimeRange> free_busy_limit;  // limit-freebusy-set
};

struct AddressData {
  std::string content_type = "text/vcard";
  std::string version = "3.0";
  std::optional<std::vector<WantedComponent::Property>> only;  // nothing: all
};

Parsed<CalendarData> parse_calendar_data(const xml::Element& element);
Parsed<AddressData> parse_address_data(const xml::Element& element);

}  // namespace kontor::wire::dav
