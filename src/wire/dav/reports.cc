// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/reports.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "wire/dav/names.h"

namespace kontor::wire::dav {
namespace {

Parsed<Wanted> wanted_of(const xml::Element& root) {
  Wanted out;
  TRY(out.props, parse_prop_request(root, PropRequest::Kind::some));
  const xml::Element* prop = root.child(dav("prop"));
  if (!prop) return out;
  if (const xml::Element* data = prop->child(caldav("calendar-data"))) {
    TRY(out.calendar, parse_calendar_data(*data));
  }
  if (const xml::Element* data = prop->child(carddav("address-data"))) {
    TRY(out.card, parse_address_data(*data));
  }
  return out;
}

// DAV:limit and CARDDAV:limit: an element nresults with a number.
Parsed<std::optional<std::uint32_t>> limit_of(const xml::Element& root, std::string_view space) {
  const xml::Element* limit = root.child({space, "limit"});
  const xml::Element* count = limit ? limit->child({space, "nresults"}) : nullptr;
  if (!count) return std::nullopt;
  const std::string text = count->own_text();
  std::uint32_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || at != text.data() + text.size() || value == 0)
    return refuse("A limit has a number of results.");
  return value;
}

Parsed<Report> sync_collection(const xml::Element& root) {
  SyncCollection out;
  const xml::Element* token = root.child(dav("sync-token"));
  if (!token) return refuse("A sync-collection has a sync-token, which is empty at first.");
  out.token = token->own_text();
  const xml::Element* level = root.child(dav("sync-level"));
  const std::string depth = level ? level->own_text() : "1";
  if (depth != "1" && depth != "infinite") return refuse("A sync-level is 1 or infinite.");
  out.is_deep = depth == "infinite";
  TRY(out.limit, limit_of(root, kDav));
  TRY(out.wanted, wanted_of(root));
  return out;
}

Parsed<Report> multiget(const xml::Element& root) {
  Multiget out;
  out.is_of_cards = root.name.space == kCardDav;
  for (const xml::Element* href : root.children(dav("href"))) out.hrefs.push_back(href->own_text());
  if (out.hrefs.empty()) return refuse("A multiget names the resources that it wants.");
  TRY(out.wanted, wanted_of(root));
  return out;
}

Parsed<Report> calendar_query(const xml::Element& root) {
  CalendarQuery out;
  const xml::Element* filter = root.child(caldav("filter"));
  if (!filter) return refuse(caldav("valid-filter"), "A calendar-query has a filter.");
  TRY(out.filter, parse_calendar_filter(*filter));
  if (const xml::Element* zone = root.child(caldav("timezone"))) out.timezone = zone->own_text();
  if (const xml::Element* zone = root.child(caldav("timezone-id"))) out.timezone_id = zone->own_text();
  if (!out.timezone.empty() && !out.timezone_id.empty()) return refuse("Only one of timezone and timezone-id can be.");
  TRY(out.wanted, wanted_of(root));
  return out;
}

Parsed<Report> addressbook_query(const xml::Element& root) {
  AddressbookQuery out;
  const xml::Element* filter = root.child(carddav("filter"));
  if (!filter) return refuse(carddav("supported-filter"), "An addressbook-query has a filter.");
  TRY(out.filter, parse_card_filter(*filter));
  TRY(out.limit, limit_of(root, kCardDav));
  TRY(out.wanted, wanted_of(root));
  return out;
}

Parsed<Report> free_busy_query(const xml::Element& root) {
  const xml::Element* time = root.child(caldav("time-range"));
  if (!time) return refuse("A free-busy-query has a time-range.");
  TRY(const TimeRange range, parse_time_range(*time, true));
  return FreeBusyQuery{range};
}

Parsed<std::vector<ExpandedProperty>> expanded(const xml::Element& parent) {
  std::vector<ExpandedProperty> out;
  for (const xml::Element* property : parent.children(dav("property"))) {
    const std::string* name = property->attribute("name");
    const std::string* space = property->attribute("namespace");
    if (!name || name->empty()) return refuse("A property has no name.");
    ExpandedProperty& one = out.emplace_back();
    one.name = {space ? std::string_view(*space) : kDav, *name};
    TRY(one.inner, expanded(*property));
  }
  return out;
}

Parsed<Report> expand_property(const xml::Element& root) {
  ExpandProperty out;
  TRY(out.properties, expanded(root));
  return out;
}

// RFC 3744 says that a match is a part; Apple's clients say how in an attribute.
TextMatch::How how_of(const xml::Element& match) {
  const std::string* how = match.attribute("match-type");
  if (!how) return TextMatch::How::contains;
  if (*how == "equals") return TextMatch::How::equals;
  if (*how == "starts-with") return TextMatch::How::starts_with;
  if (*how == "ends-with") return TextMatch::How::ends_with;
  return TextMatch::How::contains;
}

constexpr std::size_t kMostSearched = 100;  // properties, in all terms: each is asked of every principal

Parsed<Report> principal_search(const xml::Element& root) {
  PrincipalSearch out;
  std::size_t searched = 0;
  const std::string* test = root.attribute("test");
  out.needs_all = !test || *test != "anyof";
  out.is_in_collection_set = root.child(dav("apply-to-principal-collection-set")) != nullptr;
  for (const xml::Element* search : root.children(dav("property-search"))) {
    PrincipalSearch::Term& term = out.terms.emplace_back();
    const xml::Element* prop = search->child(dav("prop"));
    const xml::Element* match = search->child(dav("match"));
    if (!prop || !match) return refuse("A property-search has no prop or no match.");
    for (const xml::Element* one : prop->children()) term.properties.push_back(one->name);
    if (term.properties.empty()) return refuse("A property-search names no property.");
    searched += term.properties.size();
    if (searched > kMostSearched) return refuse("A principal-property-search has too many conditions.", 403);
    term.match = match->own_text();
    term.how = how_of(*match);
  }
  if (out.terms.empty()) return refuse("A principal-property-search searches for nothing.");
  TRY(out.limit, limit_of(root, kDav));
  TRY(out.wanted, wanted_of(root));
  return out;
}

Parsed<Report> principal_match(const xml::Element& root) {
  PrincipalMatch out;
  const xml::Element* property = root.child(dav("principal-property"));
  if ((property != nullptr) == (root.child(dav("self")) != nullptr))
    return refuse("A principal-match has either self or a principal-property.");
  if (property) {
    const auto names = property->children();
    if (names.size() != 1) return refuse("A principal-property is one property.");
    out.property = names.front()->name;
  }
  TRY(out.wanted, wanted_of(root));
  return out;
}

Parsed<Report> acl_principals(const xml::Element& root) {
  TRY(Wanted wanted, wanted_of(root));
  return AclPrincipals{std::move(wanted)};
}

Parsed<Report> searchable_properties(const xml::Element&) { return SearchableProperties{}; }

struct ReportRow {
  xml::NameView name;
  Parsed<Report> (*parse)(const xml::Element& root);
};
constexpr ReportRow kReports[] = {
    {dav("sync-collection"), sync_collection},
    {caldav("calendar-multiget"), multiget},
    {carddav("addressbook-multiget"), multiget},
    {caldav("calendar-query"), calendar_query},
    {carddav("addressbook-query"), addressbook_query},
    {caldav("free-busy-query"), free_busy_query},
    {dav("expand-property"), expand_property},
    {dav("principal-property-search"), principal_search},
    {dav("principal-match"), principal_match},
    {dav("acl-principal-prop-set"), acl_principals},
    {dav("principal-search-property-set"), searchable_properties},
};

}  // namespace

Parsed<Report> parse_report(std::string_view body) {
  TRY(const xml::Element root, parse_any_body(body));
  for (const ReportRow& row : kReports)
    if (root.is(row.name)) return row.parse(root);
  return refuse(dav("supported-report"), fmt::format("There is no report {} of {}.", root.name.local, root.name.space));
}

}  // namespace kontor::wire::dav
