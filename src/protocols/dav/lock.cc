// SPDX-License-Identifier: AGPL-3.0-or-later
// LOCK and UNLOCK: RFC 4918 sections 9.10 and 9.11.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "wire/xml/print.h"

namespace kontor::dav {
namespace {

using wire::dav::dav;
using What = Resource::What;

constexpr std::size_t kLargestOwner = 8 << 10;

// RFC 4122 section 4.4.
std::string new_token() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(bytes);
  return fmt::format("urn:uuid:{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

Response discovery(Context& context, const Resource& resource, const Lock& lock, unsigned status) {
  Response response{.status = status, .content_type = kXml};
  xml::Printer out(response.body, wire::dav::kPrefixes);
  out.open(dav("prop"));
  out.open(dav("lockdiscovery"));
  print_locks(context, resource, {lock}, out);
  out.close();
  out.close();
  return response;
}

std::chrono::seconds wished_time(Context& context) {
  return wire::dav::parse_timeout(context.header("timeout"), context.options.longest_lock);
}

Outcome<Response> refresh(Context& context, const Resource& resource) {
  TRY(const auto lists, wire::dav::parse_if(context.header("if")));
  const auto submitted = wire::dav::submitted_tokens(lists);
  std::optional<Lock> found;
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY(const auto locks, locks_on(transaction, resource, context.now()));
    const auto at = std::ranges::find_if(locks, [&](const Lock& lock) {
      return lock.by == context.caller.principal && std::ranges::find(submitted, lock.token) != submitted.end();
    });
    if (at == locks.end())
      return deny(dav("lock-token-matches-request-uri"), "none of these locks is here and yours", 412);
    found = *at;
    found->until = context.now() + wished_time(context);
    return store_lock(transaction, *found, context.now());
  }));
  return discovery(context, resource, *found, 200);
}

Outcome<void> check_conflicts(Context& context, const groupware::Reader& reader, const Resource& resource,
                              const Lock& wanted) {
  TRY(auto others, locks_on(reader, resource, context.now()));
  if (wanted.is_deep) {
    TRY(auto below, locks_below(reader, resource.folder->id, context.now()));
    std::ranges::move(below, std::back_inserter(others));
  }
  for (const Lock& other : others) {
    if (!other.is_exclusive && !wanted.is_exclusive) continue;
    Problem problem(wire::dav::Refusal{423, "it is locked", xml::Name(dav("no-conflicting-lock"))});
    problem.paths = {resource.path};
    return std::unexpected(std::move(problem));
  }
  return {};
}

// The name is taken by an empty file, so that nobody else takes it (section 9.10.4).
Outcome<void> take_name(Context& context, groupware::Transaction& transaction, const Resource& resource,
                        const groupware::StagedContent& nothing) {
  TRY_VOID(check_locks(context, transaction, resource, Touch::name));
  groupware::NewItem item;
  item.kind = groupware::Kind::files;
  item.content = nothing;
  item.name = resource.name;
  TRY_VOID(transaction.add(resource.folder->id, item));
  return {};
}

Outcome<Response> make_lock(Context& context, const Resource& resource) {
  TRY(const auto request, wire::dav::parse_lock_request(context.body));
  TRY(const auto depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::infinity));
  if (depth == wire::dav::Depth::one) return deny(400, "a lock is of depth 0 or infinity");
  if (!resource.is_there() && resource.kind() != groupware::Kind::files)
    return deny(403, "only names of files can be locked before there is something");
  Lock lock;
  lock.token = new_token();
  lock.folder = resource.folder->id;
  if (resource.what != What::collection) lock.name = resource.name;
  lock.is_deep = resource.what == What::collection && depth == wire::dav::Depth::infinity;
  lock.is_exclusive = request.is_exclusive;
  lock.by = context.caller.principal;
  lock.until = context.now() + wished_time(context);
  if (!request.owner.name.local.empty()) xml::Printer(lock.owner, {}).element(request.owner);
  if (lock.owner.size() > kLargestOwner) return deny(400, "the owner is too long");
  groupware::StagedContent nothing;
  if (!resource.is_there()) {
    TRY(nothing, context.services.accounts.stage(resource.account->tenant(), groupware::Kind::files)->finish());
  }
  bool is_new = false;
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY_VOID(check_conflicts(context, transaction, resource, lock));
    is_new = !resource.is_there() && !transaction.named(resource.folder->id, resource.name);
    if (is_new) TRY_VOID(take_name(context, transaction, resource, nothing));
    return store_lock(transaction, lock, context.now());
  }));
  Response response = discovery(context, resource, lock, is_new ? 201 : 200);
  response.headers.emplace_back("Lock-Token", "<" + lock.token + ">");
  return response;
}

}  // namespace

Outcome<Response> do_lock(Context& context, const Resource& resource) {
  if (!resource.folder) return deny(409, "there is no collection that it could be in");
  return context.body.empty() ? refresh(context, resource) : make_lock(context, resource);
}

Outcome<Response> do_unlock(Context& context, const Resource& resource) {
  TRY(const std::string token, wire::dav::parse_lock_token(context.header("lock-token")));
  if (!resource.folder) return deny(404, "there is nothing here");
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY(const auto locks, locks_on(transaction, resource, context.now()));
    const auto at = std::ranges::find(locks, token, &Lock::token);
    if (at == locks.end()) return deny(dav("lock-token-matches-request-uri"), "there is no such lock here", 409);
    // Whoever administers the folder may end locks that others forgot.
    const bool may_end =
        at->by == context.caller.principal || (transaction.rights(resource.folder->id) & groupware::right::kAdminister);
    if (!may_end) return deny(403, "the lock is another's");
    return remove_lock(transaction, *at);
  }));
  return Response{.status = 204};
}

}  // namespace kontor::dav
