// SPDX-License-Identifier: AGPL-3.0-or-later
// Access control (RFC 3744): whose a collection is and who else may do what with it. The grants are the core's, the
// same that IMAP's ACL shows.
#include "protocols/dav/acl.h"

#include <algorithm>

#include "protocols/dav/acl_privileges.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/multistatus.h"
#include "protocols/dav/principals.h"
#include "protocols/dav/scheduling_boxes.h"
#include "wire/dav/properties.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;
using directory::MemberRole;
using directory::Principal;
using groupware::Grant;
using wire::dav::dav;
using What = Resource::What;

constexpr std::uint32_t kFiled = on(What::collection, What::item);

std::uint32_t rights_of(MemberRole role) {
  switch (role) {
    case MemberRole::reader:
      return right::kReader | right::kKeepSeen;
    case MemberRole::editor:
      return right::kSteward;
    case MemberRole::manager:
      return right::kAll;
  }
  return 0;
}

// What the caller may do with what is no folder: its own home, all of it; else by the account's roles.
std::uint32_t rights_at(Context& context, const Resource& resource) {
  if (resource.folder) return resource.rights(context);
  if (!resource.owner) return right::kSee | right::kRead;
  if (resource.owner->id == context.user.id) return right::kAll;
  const auto role = context.services.directory.member_role(resource.owner->id, context.user.id);
  return role ? rights_of(*role) : right::kSee | right::kRead;
}

void print_privilege(xml::Printer& out, xml::NameView name) {
  out.open(dav("privilege"));
  out.leaf(name);
  out.close();
}

Shown print_own_privileges(Context& context, const Resource& resource, xml::Printer& out) {
  out.open(dav("current-user-privilege-set"));
  for (const xml::NameView name : held_privileges(rights_at(context, resource))) print_privilege(out, name);
  // RFC 6638 section 6.2: only its owner has an outbox.
  if (is_box(resource, kOutbox))
    for (const char* name : {"schedule-send", "schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy"})
      print_privilege(out, wire::dav::caldav(name));
  out.close();
  return Shown::yes;
}

Shown print_supported(Context&, const Resource&, xml::Printer& out) {
  out.open(dav("supported-privilege-set"));
  int depth = -1;
  for (const Privilege& one : privileges()) {
    for (; depth >= one.depth; --depth) out.close();
    depth = one.depth;
    out.open(dav("supported-privilege"));
    print_privilege(out, one.name);
    if (one.is_abstract) out.leaf(dav("abstract"));
    out.open(dav("description"), {{"xml:lang", "en"}});
    out.text(one.about);
    out.close();
  }
  for (; depth >= 0; --depth) out.close();
  out.close();
  return Shown::yes;
}

// `inherited`: the collection that it stands on; empty: on the resource itself.
struct Shape {
  bool is_protected = false;
  std::string inherited;
};

template <class PrintPrincipal>
void print_ace(xml::Printer& out, std::uint32_t rights, const Shape& shape, PrintPrincipal print_principal) {
  out.open(dav("ace"));
  out.open(dav("principal"));
  print_principal();
  out.close();
  out.open(dav("grant"));
  for (const xml::NameView name : granted_privileges(rights)) print_privilege(out, name);
  out.close();
  if (shape.is_protected) out.leaf(dav("protected"));
  if (!shape.inherited.empty()) {
    out.open(dav("inherited"));
    print_href(out, shape.inherited);
    out.close();
  }
  out.close();
}

// The members of a shared mailbox have what their role says, whatever the grants are.
std::vector<Grant> grants_by_role(const Context& context, const Principal& owner) {
  std::vector<Grant> out;
  if (owner.kind != directory::PrincipalKind::shared) return out;
  for (const PrincipalId member : owner.members) {
    const auto role = context.services.directory.member_role(owner.id, member);
    if (role) out.push_back({member, rights_of(*role)});
  }
  return out;
}

std::string collection_of(const Resource& resource) {
  return resource.what == What::item ? parent_of(resource.path) : std::string();
}

Shown print_acl(Context& context, const Resource& resource, xml::Printer& out) {
  if (!(resource.rights(context) & right::kAdminister)) return Shown::denied;
  const auto& directory = context.services.directory;
  const std::string inherited = collection_of(resource);
  const auto print_grant = [&](const Grant& grant, bool is_protected) {
    const auto principal = directory.principal(grant.principal);
    if (grant.principal && !principal) return;  // gone, which the core forgets in time
    print_ace(out, grant.rights, {is_protected, inherited}, [&] {
      if (grant.principal)
        print_href(out, principal_path(*principal));
      else
        out.leaf(dav("authenticated"));
    });
  };
  out.open(dav("acl"));
  print_ace(out, right::kAll, {true, inherited}, [&] {
    out.open(dav("property"));
    out.leaf(dav("owner"));
    out.close();
  });
  for (const Grant& grant : grants_by_role(context, *resource.owner)) print_grant(grant, true);
  for (const Grant& grant : resource.folder->grants) print_grant(grant, false);
  out.close();
  return Shown::yes;
}

Shown print_restrictions(Context&, const Resource&, xml::Printer& out) {
  out.open(dav("acl-restrictions"));
  out.leaf(dav("grant-only"));
  out.leaf(dav("no-invert"));
  out.close();
  return Shown::yes;
}

Shown print_owner(Context&, const Resource& resource, xml::Printer& out) {
  out.open(dav("owner"));
  if (resource.owner) print_href(out, principal_path(*resource.owner));
  out.close();
  return Shown::yes;
}

Shown print_group(Context&, const Resource&, xml::Printer& out) {
  out.leaf(dav("group"));
  return Shown::yes;
}

Shown print_inherited(Context&, const Resource& resource, xml::Printer& out) {
  out.open(dav("inherited-acl-set"));
  if (resource.what == What::item) print_href(out, collection_of(resource));
  out.close();
  return Shown::yes;
}

const Property kAclProperties[] = {
    {dav("owner"), {kOnAll}, false, print_owner},
    {dav("group"), {kOnAll}, false, print_group},
    {dav("current-user-privilege-set"), {kOnAll}, false, print_own_privileges},
    {dav("supported-privilege-set"), {kOnAll}, false, print_supported},
    {dav("acl"), {kFiled}, false, print_acl},
    {dav("acl-restrictions"), {kFiled}, false, print_restrictions},
    {dav("inherited-acl-set"), {kFiled}, false, print_inherited},
};

// Nothing: the owner, who has all rights without a grant.
Outcome<std::optional<PrincipalId>> principal_of(Context& context, const Resource& resource, const AcePrincipal& who) {
  if (who.who == AcePrincipal::Who::owner) return std::nullopt;
  if (who.who == AcePrincipal::Who::authenticated) return PrincipalId();
  const auto found = find_href(context, who.href);
  if (!found || found->what != What::principal)
    return deny(dav("recognized-principal"), "there is no such principal: " + who.href);
  if (found->owner->id == resource.owner->id) return std::nullopt;
  return found->owner->id;
}

Outcome<Response> do_acl(Context& context, const Resource& resource) {
  TRY(const xml::Element root, wire::dav::parse_body(context.body, dav("acl")));
  TRY(const std::vector<Ace> aces, parse_acl(root));
  std::vector<Grant> grants;
  for (const Ace& ace : aces) {
    TRY(const auto principal, principal_of(context, resource, ace.principal));
    if (principal) grants.push_back({*principal, ace.rights});
  }
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY_VOID(check_locks(context, transaction, resource, Touch::itself));
    groupware::Transaction::FolderChange change;
    change.grants = groupware::in_order(grants);
    TRY_VOID(transaction.change_folder(resource.folder->id, change));
    return {};
  }));
  return answer(200);
}

const Method kAclMethods[] = {{"ACL", {on(What::collection)}, Method::Body::text, do_acl}};

bool is_acl_principals(const wire::dav::Report& report) {
  return std::holds_alternative<wire::dav::AclPrincipals>(report);
}

// Section 9.2: all principals that the ACL names, each once.
Outcome<Response> report_acl_principals(Context& context, const Resource& resource, const wire::dav::Report& report) {
  if (!(resource.rights(context) & right::kAdminister))
    return deny(dav("need-privileges"), "only who gives rights sees who has them");
  std::vector<PrincipalId> ids{resource.owner->id};
  for (const Grant& grant : grants_by_role(context, *resource.owner)) ids.push_back(grant.principal);
  for (const Grant& grant : resource.folder->grants)
    if (grant.principal) ids.push_back(grant.principal);
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  const auto count = ids.size();
  return list_resources(context, count, std::get<wire::dav::AclPrincipals>(report).wanted.props,
                        [ids = std::move(ids)](Context& now, std::size_t at, wire::dav::Multistatus&) {
                          return principal_resource(now, ids[at]);
                        });
}

const Report kAclReports[] = {{dav("acl-principal-prop-set"), {kFiled}, is_acl_principals, report_acl_principals}};

const Family kAclFamily = {.name = "acl",
                           .properties = kAclProperties,
                           .methods = kAclMethods,
                           .reports = kAclReports,
                           .compliance = "access-control"};

}  // namespace

const Family& acl_family() { return kAclFamily; }

}  // namespace kontor::dav
