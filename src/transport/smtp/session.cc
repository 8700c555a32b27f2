// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/session.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "directory/address.h"
#include "net/blocking.h"

namespace kontor::transport {

using wire::smtp::Reply;
using wire::smtp::Verb;

namespace {

// How long a message waits for its turn to be inspected. Clients give up after 10 minutes (RFC 5321 section
// 4.5.3.2.6): what is taken after that comes again, and is there twice.
constexpr std::chrono::minutes kLongestTurn{2};

SmtpServer::Inspection too_busy() {
  SmtpServer::Inspection out;
  out.refusal = wire::smtp::Reply(451, "4.3.2", "Too much to do; come again later");
  return out;
}

}  // namespace

SmtpSession::SmtpSession(SmtpServer& server, std::unique_ptr<net::Stream> stream)
    : ReceivingSession(server.rules, server.delivery, server.options.over_quota, server.workers, std::move(stream)),
      server_(server),
      may_relay_(server.may_relay(this->stream().peer())),
      is_stranger_(server.is_stranger(this->stream().peer())) {}

Task<void> SmtpSession::hello(Command command) {
  if (command.verb == Verb::lhlo) co_return co_await refuse(Reply(500, "5.5.1", "This is SMTP: say EHLO"));
  is_extended_ = command.verb == Verb::ehlo;
  co_await greeted(std::move(command));
}

// RFC 3461. Reports need a way out.
void SmtpSession::add_extensions(Reply& reply) {
  if (server_.has_queue()) reply.lines.emplace_back("DSN");
}

std::optional<Reply> SmtpSession::prepare_sender(Command& command) {
  if (!server_.has_queue()) return std::nullopt;
  auto asked = take_mail_parameters(command.unknown, server_.clock.now(), std::chrono::seconds(0));
  if (!asked) return asked.error();
  asked_ = *std::move(asked);
  return std::nullopt;
}

std::optional<Reply> SmtpSession::prepare_recipient(Command& command) {
  if (!server_.has_queue()) return std::nullopt;
  auto asked = take_recipient_parameters(command.unknown);
  if (!asked) return asked.error();
  recipient_asked_ = *std::move(asked);
  return std::nullopt;
}

// What is not ours is taken from those who may send to everybody; all else is for delivery() to judge.
std::optional<std::expected<EnvelopeRecipient, Reply>> SmtpSession::own_recipient(const Command& command) {
  if (!may_relay_ || command.path.domain.empty()) return std::nullopt;
  wire::smtp::Path path = command.path;
  if (!is_literal(path.domain)) {
    auto domain = directory::parse_domain(path.domain);
    if (!domain) return std::unexpected(Reply(553, "5.1.3", "That is no address to which mail can be sent"));
    path.domain = *std::move(domain);
  }
  if (server_.directory.domain(path.domain)) return std::nullopt;
  if (auto fault = literal_fault(path.domain, server_.options.address_literals))
    return std::unexpected(Reply(550, "5.7.1", *std::move(fault)));
  EnvelopeRecipient recipient;
  recipient.address = path.to_string();
  recipient.is_elsewhere = true;
  return recipient;
}

void SmtpSession::complete_recipient(EnvelopeRecipient& recipient) {
  recipient.reports = {.notify = recipient_asked_.notify.bits,
                       .returned = static_cast<std::uint8_t>(asked_.dsn_return),
                       .envelope_id = asked_.envelope_id,
                       .original = recipient_asked_.original};
}

// Whoever is blocked by mistake must be able to say so.
Task<std::optional<Reply>> SmtpSession::judge_client(std::string recipient) {
  const bool is_postmaster = iequals(recipient.substr(0, recipient.find('@')), "postmaster");
  const SendingClient peer{stream().peer().ip, client()};
  if (!listings_) listings_ = co_await net::blocking(server_.inspectors(), [&] { return server_.listings(peer.ip); });
  if (is_postmaster) co_return std::nullopt;
  for (const Listing& one : *listings_) {
    if (one.action != BlockAction::reject) continue;
    log::info("smtp.listed", {{"session", stream().id()},
                              {"peer", net::to_string(stream().peer())},
                              {"from", envelope().sender.to_string()},
                              {"to", recipient},
                              {"list", one.zone}});
    co_return Reply(550, "5.7.1", fmt::format("{} is on the block list {}", net::to_string(peer.ip), one.zone));
  }
  if (!server_.options.greylisting) co_return std::nullopt;
  const std::string sender = envelope().sender.to_string();
  const bool may_pass =
      co_await net::blocking(server_.inspectors(), [&] { return server_.may_pass(peer, sender, recipient, origin_); });
  if (may_pass) co_return std::nullopt;
  log::info(
      "smtp.greylisted",
      {{"session", stream().id()}, {"peer", net::to_string(stream().peer())}, {"from", sender}, {"to", recipient}});
  co_return Reply(450, "4.7.1", fmt::format("Come again in {} seconds", server_.options.greylist.delay.count()));
}

// RFC 5321 section 4.5.1.
std::string SmtpSession::recipient_address(const wire::smtp::Path& path) const {
  const bool is_postmaster = path.domain.empty() && iequals(path.local, "postmaster");
  return is_postmaster && !server_.options.postmaster.empty() ? server_.options.postmaster : path.to_string();
}

Task<void> SmtpSession::on_refused_recipient() {
  if (++bad_recipients_ < server_.options.bad_recipients) co_return;
  log::info("smtp.bad_recipients", {{"session", stream().id()}, {"peer", net::to_string(stream().peer())}});
  co_await say(Reply(421, "4.7.0", "Too many recipients that are not here; closing"));
  close();
}

// Made at the first piece. Called on a worker.
SmtpMessage& SmtpSession::message() {
  if (!message_)
    message_ = std::make_unique<SmtpMessage>(server_.options, rules().largest_message, envelope().is_binary);
  return *message_;
}

// Whoever was told the size and sends twice as much does not mean to end.
bool SmtpSession::is_endless() const { return message_ && message_->size() / 2 > rules().largest_message; }

Trace SmtpSession::trace() {
  Trace trace;
  trace.client = client();
  trace.protocol = is_extended_ ? "ESMTP" : "SMTP";
  const net::Endpoint& peer = stream().peer();
  trace.peer = peer.is_unix ? "local" : "[" + net::to_string(peer.ip) + "]";
  trace.hostname = rules().hostname;
  trace.id = id();
  trace.is_encrypted = stream().is_encrypted();
  trace.tls = stream().tls_description();
  return trace;
}

Task<void> SmtpSession::finish_message() {
  const auto start = std::chrono::steady_clock::now();
  const Trace own_trace = trace();
  SendingClient peer{stream().peer().ip, client()};
  SmtpServer::Inspection inspection = co_await net::blocking(server_.inspectors(), [&] {
    message().write(pending());
    if (std::chrono::steady_clock::now() - start > kLongestTurn) return too_busy();
    return server_.inspect(message(), envelope(), peer, id());
  });
  // On threads of their own: slow filters must not keep others' checks waiting.
  if (Workers* filterers = server_.filterers(); filterers && !inspection.refusal)
    co_await net::blocking(*filterers,
                           [&] { server_.filter(message(), envelope(), stream().peer(), own_trace, inspection); });
  if (listings_) inspection.field += listing_fields(*listings_);
  SmtpServer::Outcome outcome =
      co_await net::blocking(workers(), [&] { return server_.accept(message(), inspection, envelope(), own_trace); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  server_.seconds.observe(took.count());
  note(outcome);
  co_await say(std::move(outcome.reply));
  reset();
}

void SmtpSession::note(const SmtpServer::Outcome& outcome) {
  const std::string session = stream().id(), peer = net::to_string(stream().peer());
  const std::string from = envelope().sender.to_string();
  if (outcome.answers.empty() && !outcome.reply.is_positive()) {
    server_.refused_messages.add();
    log::warn("smtp.message_refused", {{"session", session},
                                       {"peer", peer},
                                       {"id", id()},
                                       {"from", from},
                                       {"size", message_->size()},
                                       {"code", outcome.reply.code},
                                       {"reason", outcome.reply.lines.front()}});
  }
  if (outcome.queued)
    log::info("smtp.relayed", {{"session", session},
                               {"peer", peer},
                               {"id", id()},
                               {"from", from},
                               {"recipients", envelope().recipients.size()},
                               {"size", message_->size()},
                               {"queue", to_text(*outcome.queued)}});
  for (std::size_t i = 0; i < outcome.answers.size(); ++i) {
    const Result<groupware::Delivered>& answer = outcome.answers[i];
    const std::string& recipient = envelope().recipients[i].address;
    const bool has_it = answer && answer->refusal.empty();
    if (outcome.queued) {
      server_.relayed.add();
      continue;
    }
    (has_it ? server_.delivered : outcome.reply.code < 500 ? server_.deferred : server_.rejected).add();
    if (has_it)
      log::info("smtp.delivered", {{"session", session},
                                   {"peer", peer},
                                   {"id", id()},
                                   {"from", from},
                                   {"to", recipient},
                                   {"size", message_->size()}});
    else
      log::warn("smtp.undelivered", {{"session", session},
                                     {"peer", peer},
                                     {"id", id()},
                                     {"from", from},
                                     {"to", recipient},
                                     {"size", message_->size()},
                                     {"code", outcome.reply.code},
                                     {"reason", answer ? "refused by the recipient's script" : answer.error().text}});
  }
}

}  // namespace kontor::transport
