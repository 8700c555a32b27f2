// SPDX-License-Identifier: AGPL-3.0-or-later
// iCalendar (RFC 5545, and 7986, 9073, 9074 by their names): streams of VCALENDARs as trees of components.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/lines/component.h"
#include "formats/lines/reader.h"

namespace kontor::icalendar {

using lines::Component;
using lines::Parameter;
using lines::Property;

struct Calendars {
  std::vector<Component> calendars;  // each a VCALENDAR; at least one
  std::vector<lines::Repair> repairs;
  bool is_truncated = false;
};

// Nothing is left out but what stands outside of all components. What is only badly written is put right: missing
// VERSION, PRODID or VCALENDAR are added, texts are escaped, parameters without a value get an empty one.
// `charset` is what the transport says. Errors: too_large (a limit of `limits`, with the line), invalid.
Result<Calendars> read(std::string_view bytes, std::string_view charset = {}, const lines::Limits& limits = {});

// The stream that reads back as `calendar`.
std::string write(const Component& calendar);

}  // namespace kontor::icalendar
