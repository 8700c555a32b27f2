// SPDX-License-Identifier: AGPL-3.0-or-later
// Searching for principals, and properties together with what they name: RFC 3744 section 9, RFC 3253 section 3.8.
#include <algorithm>

#include "groupware/search/fold.h"
#include "protocols/dav/multistatus.h"
#include "protocols/dav/principals.h"
#include "protocols/dav/walk.h"
#include "wire/dav/href.h"
#include "wire/xml/parse.h"

namespace kontor::dav {
namespace {

using directory::Principal;
using wire::dav::caldav;
using wire::dav::dav;
using wire::dav::Multistatus;
using What = Resource::What;
using How = wire::dav::TextMatch::How;

constexpr std::size_t kMostFound = 500;        // of one search
constexpr std::size_t kMostMatched = 5000;     // resources that a principal-match looks at
constexpr std::size_t kMostExpanded = 20'000;  // resources and properties below one that is asked about

// What can be searched by, and how it is called for people.
struct Searchable {
  xml::NameView name;
  const char* about;
  std::vector<std::string> (*values)(const Principal&);
};
const Searchable kSearchable[] = {
    {dav("displayname"), "Name",
     [](const Principal& one) {
       return std::vector<std::string>{one.name.empty() ? one.primary_address() : one.name};
     }},
    {{wire::dav::kCalendarServer, "email-address-set"},
     "Mail address",
     [](const Principal& one) { return one.addresses; }},
    {caldav("calendar-user-address-set"), "Calendar user address", calendar_addresses},
};

const Searchable* searchable(const xml::Name& name) {
  const auto* found =
      std::ranges::find_if(kSearchable, [&](const Searchable& one) { return xml::Name(one.name) == name; });
  return found == std::end(kSearchable) ? nullptr : found;
}

bool fits_term(const std::string& value, const std::string& wanted, How how) {
  const std::string folded = groupware::fold_text(value);
  switch (how) {
    case How::equals:
      return folded == wanted;
    case How::contains:
      return folded.contains(wanted);
    case How::starts_with:
      return folded.starts_with(wanted);
    case How::ends_with:
      return folded.ends_with(wanted);
  }
  return false;
}

struct FoldedTerm {
  const wire::dav::PrincipalSearch::Term* term;
  std::string match;
};

// A property that cannot be searched by matches nobody.
bool fits_term(const Principal& principal, const FoldedTerm& folded) {
  return std::ranges::all_of(folded.term->properties, [&](const xml::Name& name) {
    const Searchable* property = searchable(name);
    return property && std::ranges::any_of(property->values(principal), [&](const std::string& value) {
             return fits_term(value, folded.match, folded.term->how);
           });
  });
}

bool fits_term(const Principal& principal, const std::vector<FoldedTerm>& terms, bool needs_all) {
  const auto fits_one = [&](const FoldedTerm& term) { return fits_term(principal, term); };
  return needs_all ? std::ranges::all_of(terms, fits_one) : std::ranges::any_of(terms, fits_one);
}

Response list_principals(Context& context, std::vector<PrincipalId> ids, const wire::dav::PropRequest& wanted,
                         const std::string& cut_short_at) {
  const std::size_t count = ids.size() + (cut_short_at.empty() ? 0 : 1);
  return list_resources(
      context, count, wanted,
      [ids = std::move(ids), cut_short_at](Context& now, std::size_t at, Multistatus& out) -> std::optional<Resource> {
        if (at < ids.size()) return principal_resource(now, ids[at]);
        out.status(cut_short_at, 507, dav("number-of-matches-within-limits"));
        return std::nullopt;
      });
}

// Whether the property of the resource names the caller.
bool names_caller(Context& context, const Resource& resource, const xml::Name& name) {
  const Property* property = find_property(resource, name);
  if (!property) return false;
  std::string text;
  xml::Printer printer(text, wire::dav::kPrefixes);
  if (property->print(context, resource, printer) != Shown::yes) return false;
  return text.contains(">" + wire::dav::encode_path(principal_path(context.user)) + "<");
}

// Walks properties and the resources that they name, within bounds.
class Expansion {
 public:
  Expansion(Context& context, Multistatus& out) : context_(context), out_(out), printer_(out.printer()) {}

  // The properties as the content of a DAV:prop that is open; those that are not there.
  std::vector<xml::Name> print_properties(const Resource& resource,
                                          const std::vector<wire::dav::ExpandedProperty>& wanted) {
    std::vector<xml::Name> missing;
    for (const wire::dav::ExpandedProperty& one : wanted) {
      const auto element = value_of(resource, one.name);
      if (!element)
        missing.push_back(one.name);
      else
        print(*element, one.inner);
    }
    return missing;
  }

 private:
  std::optional<xml::Element> value_of(const Resource& resource, const xml::Name& name) {
    const Property* property = find_property(resource, name);
    if (!property) return std::nullopt;
    std::string text;
    xml::Printer printer(text, wire::dav::kPrefixes);
    if (property->print(context_, resource, printer) != Shown::yes) return std::nullopt;
    auto parsed = xml::parse(text);
    if (!parsed) return std::nullopt;
    return *std::move(parsed);
  }

  // As it is, but for hrefs: those are the resources with what is wanted of them.
  void print(const xml::Element& element, const std::vector<wire::dav::ExpandedProperty>& inner) {
    if (element.is_text()) return printer_.text(element.text);
    if (inner.empty()) return printer_.element(element);
    if (element.is(dav("href"))) return print_named(element, inner);
    printer_.open(element.name);
    for (const xml::Element& one : element.content) print(one, inner);
    printer_.close();
  }

  void print_named(const xml::Element& href, const std::vector<wire::dav::ExpandedProperty>& inner) {
    count_ += 1 + inner.size();
    const auto named = count_ <= kMostExpanded ? find_href(context_, href.own_text()) : deny(507, "too many");
    if (!named || !named->is_there()) return printer_.element(href);
    printer_.open(dav("response"));
    printer_.leaf(dav("href"), wire::dav::encode_path(named->path));
    print_all(*named, inner);
    printer_.close();
  }

  void print_all(const Resource& resource, const std::vector<wire::dav::ExpandedProperty>& wanted) {
    out_.begin_propstat();
    const auto missing = print_properties(resource, wanted);
    out_.end_propstat(200);
    if (missing.empty()) return;
    out_.begin_propstat();
    for (const xml::Name& name : missing) printer_.leaf(name);
    out_.end_propstat(404);
  }

 public:
  void print_response(const Resource& resource, const std::vector<wire::dav::ExpandedProperty>& wanted) {
    out_.begin(resource.path);
    print_all(resource, wanted);
    out_.end();
  }

 private:
  Context& context_;
  Multistatus& out_;
  xml::Printer& printer_;
  std::size_t count_ = 0;
};

}  // namespace

Outcome<Response> report_principal_search(Context& context, const Resource& resource, const wire::dav::Report& report) {
  const auto& search = std::get<wire::dav::PrincipalSearch>(report);
  std::vector<FoldedTerm> terms;
  for (const auto& term : search.terms) terms.push_back({&term, groupware::fold_text(term.match)});
  const bool is_one = resource.what == What::principal && !search.is_in_collection_set;
  const std::size_t most = std::min<std::size_t>(search.limit.value_or(kMostFound), kMostFound);
  std::vector<PrincipalId> found;
  bool is_cut_short = false;
  for (const Principal& principal : context.services.directory.principals(context.user.tenant)) {
    if (is_one && principal.id != resource.owner->id) continue;
    if (!is_one && !principal.is_listed() && principal.id != context.user.id) continue;
    if (!fits_term(principal, terms, search.needs_all)) continue;
    is_cut_short = found.size() >= most;
    if (is_cut_short) break;
    found.push_back(principal.id);
  }
  return list_principals(context, std::move(found), search.wanted.props, is_cut_short ? resource.path : std::string());
}

Outcome<Response> report_searchable(Context&, const Resource&, const wire::dav::Report&) {
  Response response{.status = 200, .content_type = kXml};
  xml::Printer out(response.body, wire::dav::kPrefixes);
  out.open(dav("principal-search-property-set"));
  for (const Searchable& one : kSearchable) {
    out.open(dav("principal-search-property"));
    out.open(dav("prop"));
    out.leaf(one.name);
    out.close();
    out.open(dav("description"), {{"xml:lang", "en"}});
    out.text(one.about);
    out.close();
    out.close();
  }
  out.close();
  return response;
}

Outcome<Response> report_principal_match(Context& context, const Resource& resource, const wire::dav::Report& report) {
  const auto& match = std::get<wire::dav::PrincipalMatch>(report);
  if (!match.property) {
    std::vector<PrincipalId> ids;
    if (resource.space == Space::principals || resource.what == What::root) {
      ids = context.services.directory.groups_of(context.user.id);
      ids.insert(ids.begin(), context.user.id);
    }
    if (resource.what == What::principal) std::erase_if(ids, [&](PrincipalId id) { return id != resource.owner->id; });
    return list_principals(context, std::move(ids), match.wanted.props, {});
  }
  const auto found = std::make_shared<std::vector<Resource>>();
  std::size_t seen = 0;
  Walk walk(resource, wire::dav::Depth::infinity, true);
  for (bool goes_on = true; goes_on && seen < kMostMatched;) {
    TRY(goes_on, walk.step(context, [&](const Resource& one) {
      if (++seen <= kMostMatched && names_caller(context, one, *match.property)) found->push_back(one);
    }));
  }
  return list_resources(
      context, found->size(), match.wanted.props,
      [found](Context&, std::size_t at, Multistatus&) -> std::optional<Resource> { return (*found)[at]; });
}

Outcome<Response> report_expand(Context& context, const Resource& resource, const wire::dav::Report& report) {
  const auto wanted = std::make_shared<std::vector<wire::dav::ExpandedProperty>>(
      std::get<wire::dav::ExpandProperty>(report).properties);
  TRY(const auto depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::zero));
  const auto walk = std::make_shared<Walk>(resource, depth, false);
  return stream_resources(context, [walk, wanted](Context& now, Multistatus& out) {
    Expansion expansion(now, out);
    return walk->step(now, [&](const Resource& one) { expansion.print_response(one, *wanted); });
  });
}

}  // namespace kontor::dav
