// SPDX-License-Identifier: AGPL-3.0-or-later
// The session's way with messages: DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030), answered for each recipient
// (RFC 2033 section 4.2).
#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "net/blocking.h"
#include "transport/lmtp/answers.h"
#include "transport/lmtp/session.h"
#include "wire/smtp/data.h"

namespace kontor::transport {
namespace {

// What is gathered before a worker is bothered: a common message is one job from its first byte to its commit.
constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kRead = 64 << 10;

}  // namespace

// Made at the first piece, so that a common message costs one job on a worker. Called there.
Intake& LmtpSession::intake() {
  if (intake_) return *intake_;
  Trace trace;
  trace.client = client_;
  const net::Endpoint& peer = io_.stream().peer();
  trace.peer = peer.is_unix ? "local" : "[" + net::to_string(peer.ip) + "]";
  trace.hostname = server_.options.hostname;
  trace.id = id_;
  trace.is_encrypted = io_.stream().is_encrypted();
  std::string header = trace_header(*envelope_, trace, server_.clock.now());
  intake_ = std::make_unique<Intake>(server_.accounts, envelope_->recipients, envelope_->sender.to_string(), header,
                                     server_.largest_message);
  return *intake_;
}

Task<void> LmtpSession::take(std::string_view bytes) {
  pending_.append(bytes);
  if (pending_.size() < kPiece) co_return;
  co_await net::blocking(server_.workers, [&] { intake().write(pending_); });
  pending_.clear();
}

Task<void> LmtpSession::data() {
  // Not a bad command: whoever pipelines cannot know yet that all recipients were refused.
  if (!envelope_ || envelope_->recipients.empty())
    co_return co_await say(Reply(503, "5.5.1", "There is no valid recipient"));
  // RFC 3030 section 2: DATA and BDAT do not mix.
  if (chunks_ != Chunks::none) co_return co_await refuse(Reply(503, "5.5.1", "The message came by BDAT"));
  co_await say(Reply(354, "", "End data with <CRLF>.<CRLF>"));
  co_await io_.flush();
  io_.stream().set_timeout(server_.options.data_timeout);
  wire::smtp::DataReader reader;
  std::string piece;
  while (!reader.is_finished()) {
    std::string_view bytes = co_await io_.read_chunk(kRead);
    piece.clear();
    std::size_t used = reader.feed(bytes, piece);
    io_.give_back(bytes.size() - used);
    co_await take(piece);
  }
  io_.stream().set_timeout(server_.options.idle_timeout);
  co_await finish_message();
}

Task<void> LmtpSession::chunk(Command command) {
  // The bytes follow whatever is answered; only their count says where the next command begins.
  bool has_recipients = envelope_ && !envelope_->recipients.empty();
  if (!has_recipients || chunks_ == Chunks::failed) {
    chunks_ = Chunks::failed;
    co_await drop_chunk(command.chunk);
    co_return co_await say(Reply(503, "5.5.1", "There is no valid recipient"));
  }
  chunks_ = Chunks::open;
  io_.stream().set_timeout(server_.options.data_timeout);
  for (std::uint64_t left = command.chunk; left > 0;) {
    std::string_view bytes = co_await io_.read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(left, kRead)));
    left -= bytes.size();
    co_await take(bytes);
  }
  io_.stream().set_timeout(server_.options.idle_timeout);
  if (command.is_last) co_return co_await finish_message();
  co_await say(Reply(250, "2.0.0", "Piece received"));
}

Task<void> LmtpSession::drop_chunk(std::uint64_t size) {
  while (size > 0) {
    std::string_view bytes = co_await io_.read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(size, kRead)));
    size -= bytes.size();
  }
}

Task<void> LmtpSession::finish_message() {
  auto start = std::chrono::steady_clock::now();
  std::vector<Result<groupware::Delivered>> answers = co_await net::blocking(server_.workers, [&] {
    intake().write(pending_);
    return intake().deliver(server_.delivery, server_.workers);
  });
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  server_.seconds.observe(took.count());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Reply reply(250, "2.1.5", "Delivered " + id_);
    if (!answers[i]) reply = answer_to(answers[i].error(), server_.options.over_quota);
    if (answers[i] && !answers[i]->refusal.empty()) reply = refusal_reply(answers[i]->refusal);
    note(envelope_->recipients[i].address, answers[i], reply);
    co_await say(std::move(reply));
  }
  reset();
}

void LmtpSession::note(const std::string& recipient, const Result<groupware::Delivered>& answer, const Reply& reply) {
  (reply.is_positive() ? server_.delivered : reply.code < 500 ? server_.deferred : server_.rejected).add();
  const std::string& session = io_.stream().id();
  std::string from = envelope_->sender.to_string();
  if (reply.is_positive())
    log::info("lmtp.delivered",
              {{"session", session}, {"id", id_}, {"from", from}, {"to", recipient}, {"size", intake_->size()}});
  else
    log::warn("lmtp.undelivered", {{"session", session},
                                   {"id", id_},
                                   {"from", from},
                                   {"to", recipient},
                                   {"size", intake_->size()},
                                   {"code", reply.code},
                                   {"reason", answer ? "refused by the recipient's script" : answer.error().text}});
}

}  // namespace kontor::transport
