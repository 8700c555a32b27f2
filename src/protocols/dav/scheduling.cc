// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/scheduling.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/principals.h"
#include "protocols/dav/scheduling_boxes.h"
#include "protocols/dav/scheduling_inbox.h"
#include "protocols/dav/segments.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;
using What = Resource::What;

constexpr std::uint32_t kItems = on(What::item);

std::string schedule_tag(Context& context, const Resource& resource) {
  if (!resource.entry) return {};
  const auto item = resource.item(context);
  if (!item) return {};
  const auto found = (*item)->properties.find(groupware::kScheduleTag);
  if (found != (*item)->properties.end()) return "\"" + found->second + "\"";
  const auto reader = context.reader(*resource.account);
  const auto facts = reader ? (*reader)->facts(resource.entry->item) : std::unexpected(Error(Errc::not_found, ""));
  const bool is_meeting = facts && facts->has_attendees && !facts->organizer.empty();
  if (!is_meeting) return {};
  if (resource.owner && resource.owner->id == context.user.id)
    return "\"" + groupware::schedule_tag_of(resource.entry->etag) + "\"";
  // A guest's own alarms are no change of the meeting.
  const auto shared = (*reader)->shared_content(resource.entry->item);
  return shared ? "\"" + to_hex(sha256(*shared)).substr(0, 32) + "\"" : std::string();
}

Shown print_schedule_tag(Context& context, const Resource& resource, xml::Printer& out) {
  const std::string tag = schedule_tag(context, resource);
  if (tag.empty()) return Shown::absent;
  out.leaf(caldav("schedule-tag"), tag);
  return Shown::yes;
}

Shown print_user_type(Context&, const Resource& resource, xml::Printer& out) {
  using directory::PrincipalKind;
  const auto type = [&]() -> std::string_view {
    switch (resource.owner->kind) {
      case PrincipalKind::group:
        return "GROUP";
      case PrincipalKind::room:
        return "ROOM";
      case PrincipalKind::equipment:
        return "RESOURCE";
      default:
        return "INDIVIDUAL";
    }
  };
  out.leaf(caldav("calendar-user-type"), type());
  return Shown::yes;
}

template <const char* name, const char* segment>
Shown print_box_url(Context&, const Resource& resource, xml::Printer& out) {
  if (!resource.owner->account()) return Shown::absent;
  out.open(caldav(name));
  print_href(out, home_path(Space::calendars, *resource.owner) + segment + "/");
  out.close();
  return Shown::yes;
}

constexpr char kInboxUrl[] = "schedule-inbox-URL";
constexpr char kOutboxUrl[] = "schedule-outbox-URL";

bool is_inbox(const Resource& resource) { return is_box(resource, kInbox); }

Shown print_default_calendar(Context& context, const Resource& resource, xml::Printer& out) {
  if (!is_inbox(resource)) return Shown::absent;
  const auto folder = invitation_folder(context, resource);
  if (!folder) return Shown::absent;
  out.open(caldav("schedule-default-calendar-URL"));
  print_href(out, *folder);
  out.close();
  return Shown::yes;
}

// RFC 6638 section 9.2. Removed, it is the default folder again.
Outcome<> set_default_calendar(Context& context, const Resource& resource, groupware::Transaction& transaction,
                               const xml::Element* value) {
  if (!is_inbox(resource)) return deny(wire::dav::dav("cannot-modify-protected-property"), "it belongs to the inbox");
  std::optional<FolderId> chosen;
  if (value) {
    const auto refusal = [] {
      return deny(caldav("valid-schedule-default-calendar-URL"), "invitations go to a calendar of one's own");
    };
    const xml::Element* href = value->child(wire::dav::dav("href"));
    if (!href) return refusal();
    const auto text = wire::dav::decode_href(href->own_text(), context.header("host"));
    const auto path = text ? parse_path(*text) : std::unexpected(text.error());
    if (!path || path->space != Space::calendars || path->names.size() != 1) return refusal();
    const auto owner = context.services.directory.by_address(path->address);
    const Segments segments = segments_in(Space::calendars, *transaction.folders());
    const auto found = segments.find(path->names[0]);
    if (!owner || owner->id != resource.owner->id || found == segments.end() ||
        found->second->kind != groupware::Kind::calendar || found->second->properties.contains(groupware::kIsFeed))
      return refusal();
    chosen = found->second->id;
  }
  for (const auto& folder : transaction.folders()->all()) {
    const bool is_chosen = chosen == folder->id;
    if (folder->properties.contains(groupware::kTakesInvitations) == is_chosen) continue;
    groupware::Transaction::FolderChange change;
    change.properties[groupware::kTakesInvitations] = is_chosen ? "yes" : "";
    TRY_VOID(transaction.change_folder(folder->id, change));
  }
  return {};
}

const Property kSchedulingProperties[] = {
    {caldav("schedule-tag"), {.whats = kItems, .kinds = kOfCalendars}, false, print_schedule_tag},
    {caldav("calendar-user-type"), {.whats = on(What::principal)}, false, print_user_type},
    {caldav("schedule-inbox-URL"), {.whats = on(What::principal)}, false, print_box_url<kInboxUrl, kInbox>},
    {caldav("schedule-outbox-URL"), {.whats = on(What::principal)}, false, print_box_url<kOutboxUrl, kOutbox>},
    {caldav("schedule-default-calendar-URL"),
     {.whats = on(What::special)},
     false,
     print_default_calendar,
     set_default_calendar},
};

const Method kSchedulingMethods[] = {
    {"POST",
     {.whats = on(What::special), .spaces = in(Space::calendars)},
     Method::Body::text,
     post_to_outbox,
     [](Context&, const Resource& resource) { return is_box(resource, kOutbox); }},
};

void add_headers(Context& context, const Resource& resource,
                 std::vector<std::pair<std::string, std::string>>& headers) {
  if (const std::string tag = schedule_tag(context, resource); !tag.empty()) headers.emplace_back("Schedule-Tag", tag);
}

// What came stays as it came; only the server adds to an inbox.
Outcome<> check_inbox(Context& context, const Change& change) {
  if (change.what != Change::What::remove && is_in_inbox(context, change.target))
    return deny(403, "messages come into the inbox by themselves");
  return {};
}

bool is_in_calendar(const Resource& resource) {
  return resource.folder && resource.owner && groupware::takes(groupware::Kind::calendar, resource.folder->kind);
}

// The object as it is; nothing if there is none, or it cannot be read.
Outcome<std::optional<itip::Component>> present(Context& context, const Resource& resource) {
  if (!resource.entry) return std::nullopt;
  TRY(const auto reader, context.reader(*resource.account));
  TRY(const std::string bytes, reader->shared_content(resource.entry->item));
  auto read = icalendar::read(bytes);
  if (!read) return std::nullopt;
  return std::move(read->calendars.front());
}

// As preconditions of RFC 6638 section 3.2.4.
std::unexpected<Problem> refused(const Error& error) {
  if (error.code == Errc::denied) return deny(caldav("allowed-attendee-scheduling-object-change"), error.text);
  if (error.code == Errc::invalid) return deny(caldav("same-organizer-in-all-components"), error.text);
  return std::unexpected(Problem(error));
}

// What is sent goes out with the change: kept in its commit, brought once it is durable.
Outcome<> send(Context& context, const Resource& resource, const std::vector<itip::Message>& messages,
               Consequences& consequences) {
  if (messages.empty()) return {};
  groupware::Scheduler& scheduler = *context.services.scheduler;
  TRY(groupware::Scheduler::Post staged, scheduler.stage(*resource.owner, messages));
  const auto post = std::make_shared<const groupware::Scheduler::Post>(std::move(staged));
  const AccountId account = resource.owner->account();
  consequences.within.emplace_back([&scheduler, post](groupware::Transaction& transaction) -> Outcome<> {
    TRY_VOID(scheduler.put(transaction, *post));
    return {};
  });
  consequences.after.emplace_back([&scheduler, account] { scheduler.send_out(account); });
  return {};
}

// A meeting that a guest plans as its own in another's calendar would invite nobody: the owner of the calendar, for
// whom the server speaks, has no part in it (calendarserver-sharing, "Scheduling").
Outcome<> check_organizer(const Context& context, const Resource& target, const itip::Component& object) {
  if (target.owner->id == context.user.id) return {};
  const auto& own = context.user.addresses;
  const auto is_own = [&](const icalendar::Person& person) {
    return std::ranges::find(own, person.address) != own.end();
  };
  for (const itip::Component& part : object.components) {
    const auto organizer = icalendar::organizer(part);
    if (!organizer || !is_own(*organizer)) continue;
    const std::string_view agent = part.find("ORGANIZER")->parameter("SCHEDULE-AGENT");
    if (!agent.empty() && !iequals(agent, "SERVER")) continue;
    if (!std::ranges::all_of(icalendar::attendees(part), is_own))
      return deny(caldav("organizer-allowed"), "from a calendar of somebody else only its owner invites");
  }
  return {};
}

Outcome<> plan_put(Context& context, Change& change, Consequences& consequences) {
  auto read = icalendar::read(*change.bytes);
  if (!read) return {};
  itip::Component& after = read->calendars.front();
  TRY(const auto before, present(context, change.target));
  TRY(const bool has_tag, check_schedule_tag(context, change.target));
  const itip::Change asked{.before = before ? &*before : nullptr, .after = &after, .keeps_answers = has_tag};
  auto plan = context.services.scheduler->plan(*change.target.owner, asked);
  if (!plan) return refused(plan.error());
  if (plan->role == itip::Role::none) return before ? Outcome<>() : check_organizer(context, change.target, after);
  std::size_t told = 0;
  for (const itip::Message& message : plan->messages) told += message.to.size();
  if (told > groupware::kMostTold)
    return deny(caldav("max-attendees-per-instance"),
                "a meeting may have that many people only if they come by groups");
  if (plan->is_altered) change.bytes = std::make_shared<const std::string>(icalendar::write(plan->object));
  consequences.properties[groupware::kScheduleTag] = to_hex(sha256(*change.bytes)).substr(0, 32);
  return send(context, change.target, plan->messages, consequences);
}

Outcome<> plan_change(Context& context, Change& change, Consequences& consequences) {
  if (context.services.scheduler == nullptr || !is_in_calendar(change.target)) return {};
  if (change.what == Change::What::put && change.bytes) return plan_put(context, change, consequences);
  // What it says when it goes: departure.h.
  if (change.what == Change::What::remove && change.target.what == What::item)
    TRY_VOID(check_schedule_tag(context, change.target));
  return {};
}

}  // namespace

Outcome<bool> check_schedule_tag(Context& context, const Resource& resource) {
  const std::string_view wanted = context.header("if-schedule-tag-match");
  if (wanted.empty()) return false;
  if (wanted != "*" && wanted != schedule_tag(context, resource)) return deny(412, "the meeting was changed meanwhile");
  return true;
}

const Family& scheduling_family() {
  static const Family kFamily{.name = "scheduling",
                              .properties = kSchedulingProperties,
                              .methods = kSchedulingMethods,
                              .compliance = "calendar-auto-schedule, calendar-availability",
                              .content_type = inbox_content_type,
                              .headers = add_headers,
                              .check = check_inbox,
                              .plan = plan_change,
                              .find = find_box,
                              .specials = each_box};
  return kFamily;
}

}  // namespace kontor::dav
