// SPDX-License-Identifier: AGPL-3.0-or-later
// What events, tasks and cards a query wants: RFC 4791 section 9.7, RFC 6352 section 10.5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/dav/calendar_data.h"
#include "wire/dav/refusal.h"

namespace kontor::wire::dav {

struct TextMatch {
  enum class How : std::uint8_t { contains, equals, starts_with, ends_with };
  enum class Collation : std::uint8_t { octet, ascii_casemap, unicode_casemap };  // RFC 4790, RFC 5051

  std::string text;
  How how = How::contains;
  Collation collation = Collation::unicode_casemap;
  bool is_negated = false;
};

struct ParamFilter {
  std::string name;  // upper case, as all names here
  bool is_absent = false;
  std::optional<TextMatch> text;  // nothing: it is there
};

struct PropFilter {
  std::string name;
  bool is_absent = false;
  bool needs_all = true;  // of what follows; else one is enough
  std::optional<TimeRange> time;
  std::vector<TextMatch> texts;
  std::vector<ParamFilter> params;
};

// All that it has must hold.
struct CompFilter {
  std::string name;
  bool is_absent = false;
  std::optional<TimeRange> time;
  std::vector<PropFilter> properties;
  std::vector<CompFilter> components;
};

struct CardFilter {
  bool needs_all = false;
  std::vector<PropFilter> properties;  // none: every card
};

// `filter`: CALDAV:filter, with VCALENDAR as the outermost component.
Parsed<CompFilter> parse_calendar_filter(const xml::Element& filter);
// `filter`: CARDDAV:filter.
Parsed<CardFilter> parse_card_filter(const xml::Element& filter);

}  // namespace kontor::wire::dav
