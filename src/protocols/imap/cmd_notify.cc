// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5465: NOTIFY, and telling of news between commands.
#include "protocols/imap/commands.h"
#include "protocols/imap/notifications.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

Notifications::Reader notified(Session& session) {
  return {session.mailboxes(), session.account(),      session.caller(),         session.name_form(),
          session.selected(),  session.knows_modseq(), session.directory_news(), session.services().directory};
}

}  // namespace

Task<void> Session::tell_news(Expunges expunges) {
  const auto lines = co_await net::blocking(workers(), [&] { return notifications_->news(notified(*this)); });
  if (lines) co_await write(*lines);
  const auto* const group = notifications_->selected();
  if (selected_ && group != nullptr) co_await announce(expunges);
}

// RFC 5465 section 6.1: "selected" takes EXPUNGE at any time, "selected-delayed" only with commands.
Task<void> Session::tell_until_input() {
  const auto* const group = notifications_->selected();
  const bool is_delayed = group != nullptr && group->filter == wire::imap::NotifyGroup::Filter::selected_delayed;
  do co_await tell_news(is_delayed ? Expunges::hold : Expunges::tell);
  while (co_await io_.wait(notifications_->signal()) == net::Wake::signal);
}

Task<Result<Reply>> cmd_notify(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  auto request = wire::imap::parse_notify(in);
  if (in.failed()) co_return Reply::bad(in);
  if (request.has_unsupported) {
    co_return Reply::no("that cannot be watched",
                        "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange "
                        "MailboxMetadataChange ServerMetadataChange)");
  }
  // RFC 5465 section 3.1: what gathered so far is told as before.
  if (session.selected() != nullptr) co_await session.announce(Expunges::tell);
  const bool wants_status = request.wants_status;
  auto notifications = std::make_unique<Notifications>(std::move(request.groups), session.stream().make_signal());
  CO_TRY(const auto lines, co_await net::blocking(session.workers(), [&] {
           return notifications->begin(notified(session), wants_status);
         }));
  session.notify(std::move(notifications));
  co_await session.write(lines);
  co_return Reply::ok("NOTIFY completed");
}

}  // namespace kontor::imap
