// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether a calendar object is what a query looks for: RFC 4791 section 9.7.
#pragma once

#include <optional>
#include <string>

#include "formats/icalendar/occurrences.h"
#include "formats/lines/component.h"
#include "groupware/search/content_hint.h"
#include "protocols/dav/outcome.h"
#include "wire/dav/filters.h"

namespace kontor::dav {

inline icalendar::Window window_of(const wire::dav::TimeRange& range) {
  return {.from = range.start.value_or(Instant::min()), .to = range.end.value_or(Instant::max())};
}

// Whether the filter makes sense: a time range only where there is time. Errors: 403 valid-filter, supported-filter.
Outcome<> check_filter(const wire::dav::CompFilter& filter);

// `occurrences` are those of `calendar`.
bool matches(const wire::dav::CompFilter& filter, const lines::Component& calendar,
             icalendar::Occurrences& occurrences);

// What a filter asks for first of all: one kind of component, perhaps in a time, perhaps of one UID.
struct FilterGist {
  std::string component;  // empty: any
  std::optional<wire::dav::TimeRange> time;
  std::optional<std::string> uid;             // contained in it, in any case of letters
  bool has_alarm = false;                     // it is to have one
  std::optional<wire::dav::TimeRange> rings;  // when one of its alarms does
  bool is_all = false;                        // there is no other condition than `component` and `time`
};
FilterGist gist_of(const wire::dav::CompFilter& filter);

// The texts without which nothing is what the filter looks for; none if it asks for no texts. `filter` is that of a
// VCALENDAR.
groupware::ContentHint hint_of(const wire::dav::CompFilter& filter);

}  // namespace kontor::dav
