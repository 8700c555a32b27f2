// SPDX-License-Identifier: AGPL-3.0-or-later
// A stream of calendars, as programs export whole collections, in single objects: each with one UID, all its overrides
// and the time zones that it names (RFC 4791 section 4.1).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "formats/icalendar/calendar.h"

namespace kontor::icalendar {

struct Object {
  std::string uid;  // empty: it has none, and is one component
  Component calendar;
};

struct Objects {
  std::vector<Object> objects;            // in the order in which they begin
  std::string name, description, colour;  // of the collection, as exports say it (RFC 7986, X-WR-CALNAME, ...)
};

// Objects keep PRODID, VERSION and CALSCALE; METHOD belongs to messages and what is said of the collection to that.
// What stands once in the stream and in many objects (zones, and these properties) takes `most_repeated` bytes of
// memory in all of them at most: then objects name zones that they do not have.
Objects split(const std::vector<Component>& calendars, std::size_t most_repeated = static_cast<std::size_t>(-1));

}  // namespace kontor::icalendar
