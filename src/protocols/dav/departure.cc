// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/departure.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

using What = Resource::What;

bool is_scheduling(const Context& context, const Resource& resource) {
  return context.services.scheduler != nullptr && resource.owner && resource.folder &&
         (resource.what == What::item || resource.what == What::collection) &&
         groupware::takes(groupware::Kind::calendar, resource.folder->kind);
}

// RFC 6638 section 8.1.
bool wants_replies(const Context& context) { return !iequals(context.header("schedule-reply"), "F"); }

Outcome<groupware::Scheduler::Post> post_of_item(Context& context, const Resource& resource) {
  TRY(const auto reader, context.reader(*resource.account));
  TRY(const auto content, reader->content(resource.entry->item));
  TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
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

Outcome<Departure> Departure::of(Context& context, const Resource& resource, Faults& faults) {
  if (!is_scheduling(context, resource)) return Departure();
  TRY(const auto reader, context.reader(*resource.account));
  return of(context, resource, state_of_tree(*reader->folders(), resource.folder->id), faults);
}

Outcome<Departure> Departure::of(Context& context, const Resource& resource, const TreeState& seen, Faults& faults) {
  Departure out;
  if (!is_scheduling(context, resource)) return out;
  out.resource_ = resource;
  out.is_planned_ = true;
  if (resource.what == What::item) {
    TRY(out.leaving_.post, post_of_item(context, resource));
    return out;
  }
  std::optional<Problem> problem;
  const auto allowed = [&](const groupware::Reader& reader) -> Result<void> {
    const auto may = check_removable(context, reader, resource, faults);
    if (may) return {};
    problem = may.error();
    return fail(Errc::denied, may.error().why);
  };
  TRY(const auto reader, context.reader(*resource.account));
  if (!allowed(*reader)) return std::unexpected(*problem);
  auto left = context.services.scheduler->leave(
      *resource.owner, *resource.account,
      {.caller = context.caller, .folders = seen, .replies = wants_replies(context), .allowed = allowed});
  context.drop_readers();
  if (problem) return std::unexpected(*problem);
  out.is_stale_ = !left && left.error().code == Errc::conflict;
  if (left)
    out.leaving_ = *std::move(left);
  else if (!out.is_stale_)
    return std::unexpected(Problem(left.error()));
  return out;
}

Outcome<> Departure::put(Context& context, groupware::Transaction& transaction) {
  if (!is_planned_) return {};
  const bool is_same = resource_.what == What::item
                           ? is_as_found(transaction, resource_)
                           : state_of_tree(*transaction.folders(), resource_.folder->id) == leaving_.folders;
  if (is_stale_ || !is_same) {
    is_stale_ = true;
    return deny(409, "it was changed meanwhile");
  }
  TRY_VOID(context.services.scheduler->put(transaction, leaving_.post));
  return {};
}

void Departure::send(Context& context) const {
  if (!leaving_.post.empty() || (is_planned_ && resource_.what == What::collection))
    context.services.scheduler->send_out(resource_.account->id());
}

}  // namespace kontor::dav
