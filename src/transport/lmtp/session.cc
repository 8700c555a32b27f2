// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "net/blocking.h"
#include "transport/receiving/answers.h"

namespace kontor::transport {

using wire::smtp::Verb;

namespace {

// Behind the last: there is no such one.
std::size_t recipient_place(const std::vector<EnvelopeRecipient>& recipients, const std::string& address) {
  const auto at = std::ranges::find(recipients, address, &EnvelopeRecipient::address);
  return static_cast<std::size_t>(at - recipients.begin());
}

// The answer of one whom a filter added and who does not have the message; null: all of them do.
const Result<groupware::Delivered>* missed_copy(const std::vector<EnvelopeRecipient>& came,
                                                const std::vector<EnvelopeRecipient>& now,
                                                const std::vector<Result<groupware::Delivered>>& answers) {
  for (std::size_t i = 0; i < now.size() && i < answers.size(); ++i) {
    const bool is_added = recipient_place(came, now[i].address) == came.size();
    if (is_added && (!answers[i] || !answers[i]->refusal.empty())) return &answers[i];
  }
  return nullptr;
}

}  // namespace

LmtpSession::LmtpSession(LmtpServer& server, std::unique_ptr<net::Stream> stream)
    : ReceivingSession(server.rules, server.delivery, server.options.over_quota, server.workers, std::move(stream)),
      server_(server) {}

Task<void> LmtpSession::hello(Command command) {
  // RFC 2033 section 4.1.
  if (command.verb != Verb::lhlo) co_return co_await refuse(Reply(500, "5.5.1", "This is LMTP: say LHLO"));
  co_await greeted(std::move(command));
}

Trace LmtpSession::trace() {
  Trace trace;
  trace.client = client();
  trace.protocol = "LMTP";
  const net::Endpoint& peer = stream().peer();
  trace.peer = peer.is_unix ? "local" : "[" + net::to_string(peer.ip) + "]";
  trace.hostname = rules().hostname;
  trace.id = id();
  trace.is_encrypted = stream().is_encrypted();
  return trace;
}

// Made at the first piece, so that a common message costs one job on a worker. Called there.
Intake& LmtpSession::intake() {
  if (intake_) return *intake_;
  std::string header = trace_header(envelope(), trace(), server_.clock.now());
  intake_ = std::make_unique<Intake>(server_.accounts, envelope().recipients, envelope().sender.to_string(), header,
                                     rules().largest_message, rules().returns ? &rules().returns->queue : nullptr);
  return *intake_;
}

void LmtpSession::write(std::string_view bytes) {
  if (!server_.gate) return intake().write(bytes);
  if (!buffered_)
    buffered_ = std::make_unique<SmtpMessage>(server_.buffering, rules().largest_message, envelope().is_binary);
  buffered_->write(bytes);
}

void LmtpSession::drop_message() {
  intake_.reset();
  buffered_.reset();
}

std::optional<wire::smtp::Reply> LmtpSession::filter(const Trace& trace, Intake::Manner& manner) {
  if (!server_.gate) return std::nullopt;
  if (auto fault = buffered_->finish()) return fault;
  FilterRequest request;
  request.stage = FilterStage::lmtp;
  request.id = trace.id;
  if (!stream().peer().is_unix) request.ip = stream().peer().ip;
  request.port = stream().peer().port;
  request.helo = trace.client;
  request.sender = envelope().sender.to_string();
  for (const EnvelopeRecipient& one : envelope().recipients) request.recipients.push_back(one.address);
  const FilterOutcome outcome = server_.gate->pass(request, *buffered_);
  if (auto ended = server_.gate->settle(request, outcome, *buffered_, trace, delivery(), envelope())) return ended;
  manner.is_junk = request.is_junk;
  intake().write(buffered_->head());
  const auto read = buffered_->each_of_body([this](std::string_view piece) -> Result<void> {
    intake().write(piece);
    return {};
  });
  if (!read) return answer_to(read.error(), over_quota());
  return std::nullopt;
}

// On a worker. `common`: the answer for every recipient, where there is one.
std::vector<Result<groupware::Delivered>> LmtpSession::deliver(const Trace& trace, std::optional<Reply>& common) {
  write(pending());
  Intake::Manner manner{.journal = server_.journal, .knows_sender = true};
  common = filter(trace, manner);
  if (common) return {};
  return intake().deliver(delivery(), workers(), manner);
}

Task<void> LmtpSession::finish_message() {
  auto start = std::chrono::steady_clock::now();
  const std::vector<EnvelopeRecipient> came = envelope().recipients;
  const Trace own_trace = trace();
  std::optional<Reply> common;
  std::vector<Result<groupware::Delivered>> answers = co_await net::blocking(
      server_.gate ? server_.gate->workers() : workers(), [&] { return deliver(own_trace, common); });
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  server_.seconds.observe(took.count());
  // Filters may have changed for whom it is; everyone who was named has an answer.
  const std::vector<EnvelopeRecipient> now = envelope().recipients;
  const Result<groupware::Delivered>* missed = common ? nullptr : missed_copy(came, now, answers);
  const bool is_any_gone = std::ranges::any_of(
      came, [&](const EnvelopeRecipient& one) { return recipient_place(now, one.address) >= answers.size(); });
  for (const EnvelopeRecipient& one : came) {
    Result<groupware::Delivered> answer;
    Reply reply = common.value_or(Reply(250, "2.1.5", "Delivered " + id()));
    const std::size_t at = recipient_place(now, one.address);
    const bool is_kept = !common && at < answers.size();
    if (is_kept) answer = answers[at];
    // Who asked to bring it must hear of it, or nobody brings it again: those instead of whom the other was to get it;
    // or, where it was a fault, all.
    const bool is_told = is_any_gone ? !is_kept : missed && !missed->has_value() && answer && answer->refusal.empty();
    if (missed && is_told) answer = *missed;
    if (!answer) reply = answer_to(answer.error(), over_quota());
    if (answer && !answer->refusal.empty()) reply = refusal_reply(answer->refusal);
    note(one.address, answer, reply);
    co_await say(std::move(reply));
  }
  reset();
}

void LmtpSession::note(const std::string& recipient, const Result<groupware::Delivered>& answer, const Reply& reply) {
  (reply.is_positive() ? server_.delivered : reply.code < 500 ? server_.deferred : server_.rejected).add();
  const std::string& session = stream().id();
  std::string from = envelope().sender.to_string();
  if (reply.is_positive())
    log::info("lmtp.delivered",
              {{"session", session}, {"id", id()}, {"from", from}, {"to", recipient}, {"size", message_size()}});
  else
    log::warn("lmtp.undelivered", {{"session", session},
                                   {"id", id()},
                                   {"from", from},
                                   {"to", recipient},
                                   {"size", message_size()},
                                   {"code", reply.code},
                                   {"reason", answer ? reply.lines.front() : answer.error().text}});
}

}  // namespace kontor::transport
