// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/mailbox_filter.h"

#include <utility>

namespace kontor::wire::imap {
namespace {

using FilterKind = MailboxFilter::Kind;

constexpr std::pair<std::string_view, FilterKind> kFilterWords[] = {
    {"SELECTED", FilterKind::selected},     {"INBOXES", FilterKind::inboxes}, {"PERSONAL", FilterKind::personal},
    {"SUBSCRIBED", FilterKind::subscribed}, {"SUBTREE", FilterKind::subtree}, {"SUBTREE-ONE", FilterKind::subtree_one},
    {"MAILBOXES", FilterKind::mailboxes},
};

void parse_filter_names(Cursor& in, std::vector<std::string>& names) {
  in.space();
  if (!in.take('(')) {
    names.push_back(in.astring());
    return;
  }
  do {
    names.push_back(in.astring());
    if (names.size() > MailboxFilter::kMaxNames) in.fail("too many names of folders");
  } while (in.take(' '));
  in.expect(')');
}

MailboxFilter parse_mailbox_filter(Cursor& in) {
  MailboxFilter filter;
  for (const auto& [word, kind] : kFilterWords) {
    if (!in.take_word(word)) continue;
    filter.kind = kind;
    if (kind >= FilterKind::subtree) parse_filter_names(in, filter.names);
    return filter;
  }
  in.fail("expected which folders are meant");
  return filter;
}

}  // namespace

std::vector<MailboxFilter> parse_mailbox_filters(Cursor& in) {
  std::vector<MailboxFilter> filters;
  do {
    filters.push_back(parse_mailbox_filter(in));
    if (filters.size() > MailboxFilter::kMaxFilters) in.fail("too many filters of folders");
  } while (in.take(' '));
  return filters;
}

}  // namespace kontor::wire::imap
