// SPDX-License-Identifier: AGPL-3.0-or-later
// Preconditions of requests: RFC 9110 section 13, RFC 4918 section 10.4.
#include <algorithm>
#include <array>

#include "protocols/dav/locks.h"
#include "protocols/dav/state.h"
#include "wire/dav/if_header.h"
#include "wire/http/condition.h"

namespace kontor::dav {
namespace {

// As it is at this moment.
using Now = wire::http::Representation;

Outcome<Now> now_of(const groupware::Reader& reader, const Resource& resource) {
  Now now;
  now.is_there = resource.is_there();
  if (resource.what == Resource::What::special) {
    now.etag = resource.special->etag();
    now.modified = resource.special->modified();
    return now;
  }
  if (!resource.folder || (resource.what != Resource::What::item && resource.what != Resource::What::absent))
    return now;
  const auto uid = reader.named(resource.folder->id, resource.name);
  now.is_there = uid.has_value();
  if (!uid) return now;
  TRY(const groupware::Entry entry, reader.entry(resource.folder->id, *uid));
  now.etag = entry.etag;
  now.modified = entry.date.at;
  return now;
}

bool has_lock(const groupware::Reader& reader, const Resource& resource, const std::string& token, Instant now) {
  const auto locks = locks_on(reader, resource, now);
  return locks && std::ranges::any_of(*locks, [&](const Lock& lock) { return lock.token == token; });
}

bool has_state(Context& context, const groupware::Reader& reader, const Resource& resource,
               const wire::dav::IfCondition& condition) {
  if (condition.is_etag) {
    const auto now = now_of(reader, resource);
    return now && now->is_there && !now->etag.empty() && now->etag == condition.text;
  }
  if (has_lock(reader, resource, condition.text, context.now())) return true;
  const auto token = resource.is_collection() ? collection_state(context, resource) : std::nullopt;
  return token && *token == condition.text;
}

Outcome<void> check_if(Context& context, const groupware::Reader& reader, const Resource& resource) {
  TRY(const auto lists, wire::dav::parse_if(context.header("if")));
  const bool holds = wire::dav::holds(lists, [&](const std::string& tagged, const wire::dav::IfCondition& condition) {
    if (tagged.empty()) return has_state(context, reader, resource, condition);
    const auto other = find_href(context, tagged);
    if (!other) return false;
    const bool is_here = other->account && resource.account && other->account->id() == resource.account->id();
    if (is_here || !other->account) return has_state(context, reader, *other, condition);
    const auto there = context.reader(*other->account);
    return there && has_state(context, **there, *other, condition);
  });
  if (!holds) return deny(412, "the states in the If header are not those of the resources");
  return {};
}

Outcome<void> check_headers(Context& context, const Now& now) {
  const bool reads = context.request.method == "GET" || context.request.method == "HEAD";
  using wire::http::Condition;
  const auto verdict = wire::http::evaluate(context.request.headers, reads, now, context.now());
  if (verdict == Condition::fails) return deny(412, "the resource is not as the request says");
  if (verdict == Condition::not_modified) return deny(304, "the resource was not changed since then");
  return {};
}

}  // namespace

Outcome<void> check_conditions(Context& context, const groupware::Reader& reader, const Resource& resource) {
  const bool is_conditional =
      std::ranges::any_of(std::array{"if-match", "if-none-match", "if-unmodified-since", "if-modified-since"},
                          [&](const char* name) { return !context.header(name).empty(); });
  if (is_conditional) {
    TRY(const Now now, now_of(reader, resource));
    TRY_VOID(check_headers(context, now));
  }
  if (context.header("if").empty()) return {};
  return check_if(context, reader, resource);
}

Outcome<void> check_conditions(Context& context, const Special& special) {
  return check_headers(context, {true, special.etag(), special.modified()});
}

}  // namespace kontor::dav
