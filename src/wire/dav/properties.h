// SPDX-License-Identifier: AGPL-3.0-or-later
// What is asked of properties, and what is to become of them: the bodies of PROPFIND, PROPPATCH, MKCOL (RFC 4918, RFC
// 5689), MKCALENDAR (RFC 4791 section 5.3.1) and LOCK.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/dav/refusal.h"
#include "wire/xml/element.h"

namespace kontor::wire::dav {

// Which properties are wanted, by PROPFIND or by a report.
struct PropRequest {
  enum class Kind : std::uint8_t { all, names, some };

  Kind kind = Kind::some;
  std::vector<xml::Name> names;  // some: these; all: these too (DAV:include)
};

// From the element that has DAV:prop, DAV:allprop or DAV:propname; `otherwise` where it has none of them.
Parsed<PropRequest> parse_prop_request(const xml::Element& parent, PropRequest::Kind otherwise);

// An empty body asks for all (RFC 4918 section 9.1).
Parsed<PropRequest> parse_propfind(std::string_view body);

// In the order in which they are to be done. The value is the property's element, with the language that is in force
// for it as its own attribute (section 4.3).
struct PropertyChange {
  bool is_removal = false;
  xml::Element property;
};
Parsed<std::vector<PropertyChange>> parse_proppatch(std::string_view body);

// The properties that a new collection gets. `root`: DAV:mkcol or CALDAV:mkcalendar. An empty body has none.
Parsed<std::vector<xml::Element>> parse_new_collection(std::string_view body, xml::NameView root);

struct LockRequest {
  bool is_exclusive = true;
  xml::Element owner;  // DAV:owner as it was sent; without a name if there is none
};
Parsed<LockRequest> parse_lock_request(std::string_view body);

// The root, which must have that name. For all bodies of this room.
Parsed<xml::Element> parse_body(std::string_view body, xml::NameView root);
Parsed<xml::Element> parse_any_body(std::string_view body);

}  // namespace kontor::wire::dav
