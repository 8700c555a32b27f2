// SPDX-License-Identifier: AGPL-3.0-or-later
// The bodies of REPORT: RFC 3253, RFC 3744, RFC 4791, RFC 6352, RFC 6578.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/dav/calendar_data.h"
#include "wire/dav/filters.h"
#include "wire/dav/properties.h"
#include "wire/dav/refusal.h"

namespace kontor::wire::dav {

// What is wanted of each resource that a report names. `calendar` and `card` also stand in `props.names`.
struct Wanted {
  PropRequest props;
  std::optional<CalendarData> calendar;
  std::optional<AddressData> card;
};

// RFC 6578 section 6.1.
struct SyncCollection {
  std::string token;     // empty: from the beginning
  bool is_deep = false;  // with all below
  std::optional<std::uint32_t> limit;
  Wanted wanted;
};

// calendar-multiget and addressbook-multiget.
struct Multiget {
  bool is_of_cards = false;
  std::vector<std::string> hrefs;  // as sent, at least one
  Wanted wanted;
};

struct CalendarQuery {
  CompFilter filter;
  std::string timezone;     // a VTIMEZONE for floating times; or
  std::string timezone_id;  // its name (RFC 7809)
  Wanted wanted;
};

struct AddressbookQuery {
  CardFilter filter;
  std::optional<std::uint32_t> limit;
  Wanted wanted;
};

struct FreeBusyQuery {
  TimeRange time;  // both ends
};

// DAV:expand-property (RFC 3253 section 3.8): properties, and what is wanted of the resources that they name.
struct ExpandedProperty {
  xml::Name name;
  std::vector<ExpandedProperty> inner;
};
struct ExpandProperty {
  std::vector<ExpandedProperty> properties;
};

// DAV:principal-property-search (RFC 3744 section 9.4).
struct PrincipalSearch {
  struct Term {
    std::vector<xml::Name> properties;
    std::string match;
    TextMatch::How how = TextMatch::How::contains;
  };
  bool needs_all = true;
  bool is_in_collection_set = false;  // DAV:apply-to-principal-collection-set
  std::vector<Term> terms;
  std::optional<std::uint32_t> limit;
  Wanted wanted;
};

// DAV:principal-match (section 9.3): resources that are the caller, or whose property names the caller.
struct PrincipalMatch {
  std::optional<xml::Name> property;  // nothing: DAV:self
  Wanted wanted;
};

// DAV:acl-principal-prop-set (section 9.2).
struct AclPrincipals {
  Wanted wanted;
};

// DAV:principal-search-property-set (section 9.5).
struct SearchableProperties {};

using Report = std::variant<SyncCollection, Multiget, CalendarQuery, AddressbookQuery, FreeBusyQuery, ExpandProperty,
                            PrincipalSearch, PrincipalMatch, AclPrincipals, SearchableProperties>;

// A report that is not known is refused by DAV:supported-report.
Parsed<Report> parse_report(std::string_view body);

}  // namespace kontor::wire::dav
