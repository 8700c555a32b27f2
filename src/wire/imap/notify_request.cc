// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/notify_request.h"

#include <algorithm>

namespace kontor::wire::imap {
namespace {

using Filter = NotifyGroup::Filter;

constexpr std::size_t kMostGroups = 32;

struct NamedEvent {
  std::string_view name;
  std::uint8_t event;
};
constexpr NamedEvent kEvents[] = {
    {"MessageNew", notify_event::kMessageNew},
    {"MessageExpunge", notify_event::kMessageExpunge},
    {"FlagChange", notify_event::kFlagChange},
    {"MailboxName", notify_event::kMailboxName},
    {"SubscriptionChange", notify_event::kSubscriptionChange},
    {"MailboxMetadataChange", notify_event::kMailboxMetadata},
    {"ServerMetadataChange", notify_event::kServerMetadata},
};

struct NamedFilter {
  std::string_view name;
  Filter filter;
};
constexpr NamedFilter kFilters[] = {
    {"selected", Filter::selected},     {"selected-delayed", Filter::selected_delayed},
    {"inboxes", Filter::inboxes},       {"personal", Filter::personal},
    {"subscribed", Filter::subscribed}, {"subtree", Filter::subtree},
    {"mailboxes", Filter::mailboxes},
};

void parse_filter(Cursor& in, NotifyGroup& group) {
  const auto found =
      std::find_if(std::begin(kFilters), std::end(kFilters), [&](const auto& one) { return in.take_word(one.name); });
  if (found == std::end(kFilters)) return in.fail("there is no such filter of mailboxes");
  group.filter = found->filter;
  if (group.filter != Filter::subtree && group.filter != Filter::mailboxes) return;
  in.space();
  if (!in.take('(')) {
    group.names.push_back(in.astring());
    return;
  }
  do group.names.push_back(in.astring());
  while (in.take(' ') && group.names.size() < NotifyRequest::kMaxNames);
  in.expect(')');
}

void parse_event(Cursor& in, NotifyGroup& group, NotifyRequest& request) {
  const auto found =
      std::find_if(std::begin(kEvents), std::end(kEvents), [&](const auto& one) { return in.take_word(one.name); });
  if (found == std::end(kEvents)) {
    in.atom();
    request.has_unsupported = true;
    return;
  }
  group.events |= found->event;
  if (found->event != notify_event::kMessageNew || !in.rest().starts_with(" (")) return;
  in.space();
  if (!group.is_selected()) return in.fail("only of the selected mailbox messages can be told");
  group.fetch = parse_fetch_items(in);
}

// RFC 5465 sections 5.1 to 5.3.
void check_events(Cursor& in, const NotifyGroup& group) {
  const bool has_new = (group.events & notify_event::kMessageNew) != 0;
  const bool has_expunge = (group.events & notify_event::kMessageExpunge) != 0;
  if (has_new != has_expunge) in.fail("MessageNew and MessageExpunge go together");
  if (!has_new && (group.events & notify_event::kFlagChange) != 0) in.fail("FlagChange needs MessageNew");
  if (group.is_selected() && (group.events & ~notify_event::kMessages) != 0)
    in.fail("of the selected mailbox only its messages can be watched");
}

NotifyGroup parse_group(Cursor& in, NotifyRequest& request) {
  NotifyGroup group;
  in.expect('(');
  parse_filter(in, group);
  in.space();
  if (!in.take_word("NONE")) {
    in.expect('(');
    do parse_event(in, group, request);
    while (in.take(' '));
    in.expect(')');
  }
  in.expect(')');
  if (!request.has_unsupported) check_events(in, group);
  return group;
}

}  // namespace

NotifyRequest parse_notify(Cursor& in) {
  NotifyRequest request;
  in.space();
  request.is_none = in.take_word("NONE");
  if (!request.is_none) {
    if (!in.take_word("SET")) in.fail("expected SET or NONE");
    in.space();
    request.wants_status = in.take_word("STATUS");
    if (request.wants_status) in.space();
    std::size_t names = 0, selected = 0;
    do {
      request.groups.push_back(parse_group(in, request));
      names += request.groups.back().names.size();
      selected += request.groups.back().is_selected() ? 1 : 0;
    } while (in.take(' ') && request.groups.size() < kMostGroups && names <= NotifyRequest::kMaxNames);
    if (names > NotifyRequest::kMaxNames) in.fail("too many mailboxes are named");
    if (selected > 1) in.fail("the selected mailbox can be watched in one way only");
  }
  in.finish();
  return request;
}

}  // namespace kontor::wire::imap
