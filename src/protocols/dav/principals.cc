// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/principals.h"

#include "base/bytes.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using directory::Principal;
using directory::PrincipalKind;
using wire::dav::caldav;
using wire::dav::carddav;
using wire::dav::dav;
using What = Resource::What;

constexpr std::uint32_t kOnPrincipal = on(What::principal);
constexpr xml::NameView kMailAddresses{wire::dav::kCalendarServer, "email-address-set"};
constexpr xml::NameView kMailAddress{wire::dav::kCalendarServer, "email-address"};

Shown print_one_href(xml::Printer& out, xml::NameView name, std::string_view path) {
  out.open(name);
  print_href(out, path);
  out.close();
  return Shown::yes;
}

Shown print_current(Context& context, const Resource&, xml::Printer& out) {
  return print_one_href(out, dav("current-user-principal"), principal_path(context.user));
}

Shown print_collections(Context&, const Resource&, xml::Printer& out) {
  return print_one_href(out, dav("principal-collection-set"), "/dav/principals/");
}

Shown print_url(Context&, const Resource& resource, xml::Printer& out) {
  return print_one_href(out, dav("principal-URL"), principal_path(*resource.owner));
}

Shown print_alternates(Context&, const Resource& resource, xml::Printer& out) {
  out.open(dav("alternate-URI-set"));
  for (const std::string& address : resource.owner->addresses) out.leaf(dav("href"), "mailto:" + address);
  out.close();
  return Shown::yes;
}

void print_principals(Context& context, const std::vector<PrincipalId>& ids, xml::Printer& out) {
  for (const PrincipalId id : ids)
    if (const auto one = principal_resource(context, id)) print_href(out, one->path);
}

Shown print_members(Context& context, const Resource& resource, xml::Printer& out) {
  out.open(dav("group-member-set"));
  if (resource.owner->kind == PrincipalKind::group) print_principals(context, resource.owner->members, out);
  out.close();
  return Shown::yes;
}

Shown print_membership(Context& context, const Resource& resource, xml::Printer& out) {
  out.open(dav("group-membership"));
  print_principals(context, context.services.directory.groups_of(resource.owner->id), out);
  out.close();
  return Shown::yes;
}

Shown print_home_set(const Resource& resource, xml::NameView name, Space space, xml::Printer& out) {
  if (!resource.owner->account()) return Shown::absent;
  return print_one_href(out, name, home_path(space, *resource.owner));
}
Shown print_calendar_home(Context&, const Resource& resource, xml::Printer& out) {
  return print_home_set(resource, caldav("calendar-home-set"), Space::calendars, out);
}
Shown print_contact_home(Context&, const Resource& resource, xml::Printer& out) {
  return print_home_set(resource, carddav("addressbook-home-set"), Space::contacts, out);
}

Shown print_user_addresses(Context&, const Resource& resource, xml::Printer& out) {
  out.open(caldav("calendar-user-address-set"));
  for (std::size_t i = 0; const std::string& address : calendar_addresses(*resource.owner)) {
    if (i++ == 0) {
      out.open(dav("href"), {{"preferred", "1"}});
      out.text(address);
      out.close();
    } else {
      out.leaf(dav("href"), address);
    }
  }
  out.close();
  return Shown::yes;
}

Shown print_mail_addresses(Context&, const Resource& resource, xml::Printer& out) {
  out.open(kMailAddresses);
  for (const std::string& address : resource.owner->addresses) out.leaf(kMailAddress, address);
  out.close();
  return Shown::yes;
}

const Property kPrincipalProperties[] = {
    {dav("current-user-principal"), {kOnAll}, false, print_current},
    {dav("principal-collection-set"), {kOnAll}, false, print_collections},
    {dav("principal-URL"), {kOnPrincipal}, false, print_url},
    {dav("alternate-URI-set"), {kOnPrincipal}, false, print_alternates},
    {dav("group-member-set"), {kOnPrincipal}, false, print_members},
    {dav("group-membership"), {kOnPrincipal}, false, print_membership},
    {caldav("calendar-home-set"), {kOnPrincipal}, false, print_calendar_home},
    {carddav("addressbook-home-set"), {kOnPrincipal}, false, print_contact_home},
    {caldav("calendar-user-address-set"), {kOnPrincipal}, false, print_user_addresses},
    {kMailAddresses, {kOnPrincipal}, false, print_mail_addresses},
};

template <class T>
bool is(const wire::dav::Report& report) {
  return std::holds_alternative<T>(report);
}

const Report kPrincipalReports[] = {
    {dav("principal-property-search"), {kOnAll}, is<wire::dav::PrincipalSearch>, report_principal_search},
    {dav("principal-search-property-set"), {kOnAll}, is<wire::dav::SearchableProperties>, report_searchable},
    {dav("principal-match"), {kOnAll & ~on(What::item)}, is<wire::dav::PrincipalMatch>, report_principal_match},
    {dav("expand-property"), {kOnAll}, is<wire::dav::ExpandProperty>, report_expand},
};

std::vector<xml::NameView> principal_types(const Resource& resource) {
  if (resource.what == What::principal) return {dav("principal")};
  return {};
}

const Family kPrincipalFamily = {
    .name = "principals", .properties = kPrincipalProperties, .reports = kPrincipalReports, .types = principal_types};

}  // namespace

const Family& principal_family() { return kPrincipalFamily; }

void print_href(xml::Printer& out, std::string_view path) { out.leaf(dav("href"), wire::dav::encode_path(path)); }

std::optional<Resource> principal_resource(Context& context, PrincipalId id) {
  auto principal = context.services.directory.principal(id);
  if (!principal || principal->tenant != context.user.tenant) return std::nullopt;
  Resource out;
  out.what = What::principal;
  out.space = Space::principals;
  out.path = principal_path(*principal);
  out.owner = *std::move(principal);
  return out;
}

std::vector<std::string> calendar_addresses(const Principal& principal) {
  std::vector<std::string> out;
  for (const std::string& address : principal.addresses) out.push_back("mailto:" + address);
  out.push_back(wire::dav::encode_path(principal_path(principal)));
  return out;
}

std::optional<Principal> principal_of_address(Context& context, std::string_view address) {
  constexpr std::string_view kMailto = "mailto:";
  if (address.size() > kMailto.size() && iequals(address.substr(0, kMailto.size()), kMailto)) {
    auto found = context.services.directory.by_address(to_lower(address.substr(kMailto.size())));
    if (!found || found->tenant != context.user.tenant) return std::nullopt;
    return *std::move(found);
  }
  const auto found = find_href(context, address);
  if (!found || found->what != What::principal) return std::nullopt;
  return found->owner;
}

}  // namespace kontor::dav
