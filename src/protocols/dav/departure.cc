// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/departure.h"

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

using What = Resource::What;
using Meetings = groupware::Transaction::Meetings;

bool is_scheduling(const Context& context, const Resource& resource) {
  return context.services.scheduler != nullptr && resource.owner && resource.folder &&
         (resource.what == What::item || resource.what == What::collection) &&
         groupware::takes(groupware::Kind::calendar, resource.folder->kind);
}

// RFC 6638 section 8.1.
bool wants_replies(const Context& context) { return !iequals(context.header("schedule-reply"), "F"); }

Outcome<groupware::Scheduler::Post> post_of_item(Context& context, const Resource& resource) {
  TRY(const auto reader, context.reader(*resource.account));
  TRY(const std::string bytes, reader->shared_content(resource.entry->item));
  const auto read = icalendar::read(bytes);
  if (!read) return {};
  const groupware::Scheduler& scheduler = *context.services.scheduler;
  const auto plan = scheduler.plan(
      *resource.owner, {.before = &read->calendars.front(), .after = nullptr, .replies = wants_replies(context)});
  if (!plan) return std::unexpected(Problem(plan.error()));
  TRY(auto post, scheduler.stage(*resource.owner, plan->messages));
  return post;
}

}  // namespace

Meetings meetings_told(const Context& context, const groupware::Folder& folder) {
  const bool is_calendar = groupware::takes(groupware::Kind::calendar, folder.kind);
  if (context.services.scheduler == nullptr || !is_calendar || folder.properties.contains(groupware::kIsFeed))
    return Meetings::silent;
  return wants_replies(context) ? Meetings::told : Meetings::told_but_replies;
}

Outcome<Departure> Departure::of(Context& context, const Resource& resource) {
  Departure out;
  if (!is_scheduling(context, resource)) return out;
  out.resource_ = resource;
  out.is_planned_ = true;
  if (resource.what != What::item) return out;
  TRY(out.post_, post_of_item(context, resource));
  return out;
}

Outcome<> Departure::put(Context& context, groupware::Transaction& transaction) {
  if (!is_planned_ || resource_.what != What::item) return {};
  is_stale_ = !is_as_found(transaction, resource_);
  if (is_stale_) return deny(409, "it was changed meanwhile");
  TRY_VOID(context.services.scheduler->put(transaction, post_));
  return {};
}

void Departure::send(Context& context) const {
  if (!post_.empty() || (is_planned_ && resource_.what == What::collection))
    context.services.scheduler->send_out(resource_.account->id());
}

}  // namespace kontor::dav
