// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/rule_outbox.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/queue/content_needs.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kOutboxPiece = 256 << 10;

Origin origin_of(groupware::OutgoingKind kind) {
  switch (kind) {
    case groupware::OutgoingKind::forward:
      return Origin::forward;
    case groupware::OutgoingKind::vacation:
      return Origin::vacation;
    case groupware::OutgoingKind::invitation:
      return Origin::submission;
    case groupware::OutgoingKind::notification:
    case groupware::OutgoingKind::alarm:
      break;
  }
  return Origin::notification;
}

// Success was told when the message was delivered here: the forward is the recipient's own affair. Of what goes wrong
// with it the sender hears only if that was not forbidden.
DsnNotify notify_of_forward(std::uint8_t asked) {
  if (asked == DsnNotify::kSuccess) return {.bits = DsnNotify::kNever};
  return {.bits = static_cast<std::uint8_t>(asked & ~DsnNotify::kSuccess)};
}

}  // namespace

// The sender's domain does not say that this server may send for it (SPF): outside, the address is one of ours, from
// which reports find back.
std::string RuleOutbox::sender_of(const groupware::OutgoingMail& mail, const directory::Principal& who) const {
  if (mail.kind != groupware::OutgoingKind::forward || !senders_.srs) return mail.sender;
  const auto is_here = [&](std::string_view address) {
    const auto at = address.rfind('@');
    return at != std::string_view::npos && directory_.domain(address.substr(at + 1));
  };
  if (is_here(mail.sender) || std::ranges::all_of(mail.recipients, is_here)) return mail.sender;
  const std::string& own = who.primary_address();
  const std::string domain = senders_.domain.empty() ? own.substr(own.rfind('@') + 1) : senders_.domain;
  return senders_.srs->forward(mail.sender, domain, senders_.clock->now());
}

Result<void> RuleOutbox::send(const groupware::OutgoingMail& mail) {
  if (!mail.once.empty()) {
    TRY(const bool is_sent, queue_.knows(mail.once));
    if (is_sent) return {};
  }
  TRY(const directory::Principal who, directory_.principal(mail.principal));
  NewMessage message;
  message.once = mail.once;
  message.envelope.sender = sender_of(mail, who);
  message.envelope.tenant = who.tenant;
  message.envelope.account = who.account();
  message.envelope.origin = origin_of(mail.kind);
  const bool is_invitation = mail.kind == groupware::OutgoingKind::invitation;
  const bool is_of_calendar = is_invitation || mail.kind == groupware::OutgoingKind::alarm;
  message.envelope.cause = (is_of_calendar ? "calendar of " : "rule of ") + who.primary_address();
  message.envelope.needs.utf8 = !is_ascii(message.envelope.sender);
  if (mail.kind == groupware::OutgoingKind::forward) {
    message.envelope.dsn_return = static_cast<DsnReturn>(mail.reports.returned);
    message.envelope.envelope_id = mail.reports.envelope_id;
  }
  for (const std::string& address : mail.recipients) {
    NewRecipient recipient;
    recipient.address = address;
    // Nobody waits for news of what a program wrote.
    if (is_invitation) {
      recipient.notify.bits = DsnNotify::kFailure;
    } else if (mail.kind != groupware::OutgoingKind::forward) {
      recipient.notify.bits = DsnNotify::kNever;
    } else {
      recipient.notify = notify_of_forward(mail.reports.notify);
      recipient.original = mail.reports.original;
    }
    message.envelope.needs.utf8 = message.envelope.needs.utf8 || !is_ascii(address);
    message.recipients.push_back(std::move(recipient));
  }
  const std::shared_ptr<const groupware::Content> content = accounts_.content(mail.content);
  const std::unique_ptr<Queue::Writer> writer = queue_.write();
  ContentNeeds needs;
  for (std::uint64_t at = 0; at < content->size();) {
    TRY(const std::string piece, content->read(at, kOutboxPiece));
    if (piece.empty()) return fail(Errc::unavailable, "the message is shorter than it was");
    needs.feed(piece);
    TRY_VOID(writer->write(piece));
    at += piece.size();
  }
  needs.add_to(message.envelope.needs, false);
  TRY(message.content, writer->finish());
  std::vector<NewMessage> messages;
  messages.push_back(std::move(message));
  const auto put = queue_.put(std::move(messages));
  if (!put && (mail.once.empty() || put.error().code != Errc::conflict)) return std::unexpected(put.error());
  return {};
}

void RuleOutbox::forget(const std::string& once) {
  // Left behind, it goes by itself one day.
  if (auto gone = queue_.forget(once); !gone) log::warn("queue.not_forgotten", {{"why", gone.error().text}});
}

}  // namespace kontor::transport
