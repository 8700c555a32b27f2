// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/session.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "net/blocking.h"
#include "transport/receiving/answers.h"

namespace kontor::transport {

using wire::smtp::Verb;

LmtpSession::LmtpSession(LmtpServer& server, std::unique_ptr<net::Stream> stream)
    : ReceivingSession(server.rules, server.delivery, server.options.over_quota, server.workers, std::move(stream)),
      server_(server) {}

Task<void> LmtpSession::hello(Command command) {
  // RFC 2033 section 4.1.
  if (command.verb != Verb::lhlo) co_return co_await refuse(Reply(500, "5.5.1", "This is LMTP: say LHLO"));
  co_await greeted(std::move(command));
}

// Made at the first piece, so that a common message costs one job on a worker. Called there.
Intake& LmtpSession::intake() {
  if (intake_) return *intake_;
  Trace trace;
  trace.client = client();
  trace.protocol = "LMTP";
  const net::Endpoint& peer = stream().peer();
  trace.peer = peer.is_unix ? "local" : "[" + net::to_string(peer.ip) + "]";
  trace.hostname = rules().hostname;
  trace.id = id();
  trace.is_encrypted = stream().is_encrypted();
  std::string header = trace_header(envelope(), trace, server_.clock.now());
  intake_ = std::make_unique<Intake>(server_.accounts, envelope().recipients, envelope().sender.to_string(), header,
                                     rules().largest_message, rules().returns ? &rules().returns->queue : nullptr);
  return *intake_;
}

Task<void> LmtpSession::finish_message() {
  auto start = std::chrono::steady_clock::now();
  std::vector<Result<groupware::Delivered>> answers = co_await net::blocking(workers(), [&] {
    intake().write(pending());
    return intake().deliver(delivery(), workers(), {.journal = server_.journal, .knows_sender = true});
  });
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  server_.seconds.observe(took.count());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Reply reply(250, "2.1.5", "Delivered " + id());
    if (!answers[i]) reply = answer_to(answers[i].error(), over_quota());
    if (answers[i] && !answers[i]->refusal.empty()) reply = refusal_reply(answers[i]->refusal);
    note(envelope().recipients[i].address, answers[i], reply);
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
              {{"session", session}, {"id", id()}, {"from", from}, {"to", recipient}, {"size", intake_->size()}});
  else
    log::warn("lmtp.undelivered", {{"session", session},
                                   {"id", id()},
                                   {"from", from},
                                   {"to", recipient},
                                   {"size", intake_->size()},
                                   {"code", reply.code},
                                   {"reason", answer ? "refused by the recipient's script" : answer.error().text}});
}

}  // namespace kontor::transport
