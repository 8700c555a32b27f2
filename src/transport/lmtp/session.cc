// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/session.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/blocking.h"
#include "transport/lmtp/answers.h"

namespace kontor::transport {

using wire::smtp::Reply;
using wire::smtp::Verb;

LmtpSession::LmtpSession(LmtpServer& server, std::unique_ptr<net::Stream> stream)
    : server_(server), io_(std::move(stream)) {}

// The one place where a connection's end is caught. A farewell is sent where someone may still listen.
Task<void> LmtpSession::run() {
  std::optional<Reply> farewell;
  std::string reason;
  try {
    co_await serve();
  } catch (const net::TimedOut&) {
    farewell = Reply(421, "4.4.2", "Nothing was heard in time; closing");
    reason = "timeout";
  } catch (const net::Cancelled&) {
    farewell = Reply(421, "4.3.2", "The server is shutting down");
    reason = "shutdown";
  } catch (const net::Disconnected& end) {
    reason = end.what();
  }
  log::debug("lmtp.end", {{"session", io_.stream().id()}, {"reason", reason}});
  if (!farewell) co_return;
  try {
    co_await say(*farewell);
    co_await io_.flush();
  } catch (const std::runtime_error&) {
    // The peer is gone: nobody is left to be told.
  }
}

Task<void> LmtpSession::serve() {
  log::debug("lmtp.start", {{"session", io_.stream().id()}, {"peer", net::to_string(io_.stream().peer())}});
  io_.stream().set_timeout(server_.options.idle_timeout);
  co_await say(Reply(220, "", server_.options.hostname + " Kontor LMTP"));
  while (!is_done_) {
    // Answers of a pipelined group go out together, RFC 2920 section 3.2.
    if (!io_.has_input()) co_await io_.flush();
    Result<std::string> line = co_await io_.read_line(server_.options.line_length);
    if (line) {
      co_await command(*std::move(line));
    } else {
      co_await refuse(Reply(500, "5.5.6", "The line is too long"));
      if (!co_await io_.skip_line(64 << 10)) is_done_ = true;
    }
  }
  co_await io_.flush();
}

Task<void> LmtpSession::say(Reply reply) {
  bool is_utf8 = envelope_ && envelope_->is_utf8;
  std::string bytes = wire::smtp::print(reply, is_utf8);
  co_await io_.write(bytes);
}

Task<void> LmtpSession::refuse(Reply reply) {
  co_await say(std::move(reply));
  if (++bad_commands_ < server_.options.bad_commands) co_return;
  co_await say(Reply(421, "4.7.0", "Too many bad commands; closing"));
  log::info("lmtp.bad_commands", {{"session", io_.stream().id()}, {"peer", net::to_string(io_.stream().peer())}});
  is_done_ = true;
}

Task<void> LmtpSession::command(std::string line) {
  auto parsed = wire::smtp::parse_command(line);
  if (parsed)
    co_await dispatch(*std::move(parsed));
  else
    co_await refuse(parsed.error());
}

Task<void> LmtpSession::dispatch(Command command) {
  switch (command.verb) {
    case Verb::lhlo:
      co_await hello(std::move(command));
      break;
    case Verb::ehlo:
    case Verb::helo:
      co_await refuse(Reply(500, "5.5.1", "This is LMTP: say LHLO"));
      break;  // RFC 2033 section 4.1
    case Verb::mail:
      co_await mail(std::move(command));
      break;
    case Verb::rcpt:
      co_await recipient(std::move(command));
      break;
    case Verb::data:
      co_await data();
      break;
    case Verb::bdat:
      co_await chunk(std::move(command));
      break;
    case Verb::rset:
      reset();
      co_await say(Reply(250, "2.0.0", "Forgotten"));
      break;
    case Verb::noop:
      co_await say(Reply(250, "2.0.0", "Still here"));
      break;
    case Verb::vrfy:
      co_await say(Reply(252, "2.1.5", "Send it, and the answer will tell"));
      break;
    case Verb::help:
      co_await say(Reply(214, "2.0.0", "RFC 2033 and RFC 5321 explain it"));
      break;
    case Verb::starttls:
      co_await start_tls();
      break;
    case Verb::quit:
      co_await say(Reply(221, "2.0.0", "Goodbye"));
      is_done_ = true;
      break;
  }
}

Task<void> LmtpSession::hello(Command command) {
  reset();
  client_ = command.text;
  Reply reply(250, "", server_.options.hostname);
  for (std::string_view extension : {"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"})
    reply.lines.emplace_back(extension);
  reply.lines.push_back(fmt::format("SIZE {}", server_.largest_message));
  if (io_.stream().can_start_tls()) reply.lines.emplace_back("STARTTLS");
  co_await say(std::move(reply));
}

Task<void> LmtpSession::mail(Command command) {
  if (client_.empty()) co_return co_await refuse(Reply(503, "5.5.1", "Say LHLO first"));
  if (envelope_) co_return co_await refuse(Reply(503, "5.5.1", "A transaction is open already"));
  if (!command.unknown.empty())
    co_return co_await refuse(Reply(555, "5.5.4", "Unknown parameter " + command.unknown.front().keyword));
  if (!command.path.is_ascii() && !command.is_utf8)
    co_return co_await refuse(Reply(553, "5.6.7", "Such an address needs SMTPUTF8"));
  if (command.size.value_or(0) > server_.largest_message)
    co_return co_await say(
        Reply(552, "5.3.4", fmt::format("The message is too large; at most {}", server_.largest_message)));
  reset();
  envelope_.emplace();
  envelope_->sender = std::move(command.path);
  envelope_->size = command.size;
  envelope_->is_utf8 = command.is_utf8;
  id_ = fmt::format("{}.{}", io_.stream().id(), ++transactions_);
  co_await say(Reply(250, "2.1.0", "Sender ok"));
}

Task<void> LmtpSession::recipient(Command command) {
  if (!envelope_ || chunks_ != Chunks::none) co_return co_await refuse(Reply(503, "5.5.1", "Say MAIL first"));
  if (!command.unknown.empty())
    co_return co_await refuse(Reply(555, "5.5.4", "Unknown parameter " + command.unknown.front().keyword));
  if (!command.path.is_ascii() && !envelope_->is_utf8)
    co_return co_await refuse(Reply(553, "5.6.7", "Such an address needs SMTPUTF8"));
  if (envelope_->recipients.size() >= server_.options.recipients)
    co_return co_await say(Reply(452, "4.5.3", "Too many recipients; bring the others in another transaction"));

  EnvelopeRecipient recipient;
  recipient.address = command.path.to_string();
  std::uint64_t size = envelope_->size.value_or(0);
  // Almost always known at once: a turn on a worker would cost more than all the rest of RCPT.
  std::optional<Result<groupware::Delivery::Accepted>> known =
      server_.delivery.accepts_at_once(recipient.address, size);
  if (!known)
    known = co_await net::blocking(server_.workers, [&] { return server_.delivery.accepts(recipient.address, size); });
  if (!*known) {
    log::info("lmtp.refused", {{"session", io_.stream().id()},
                               {"from", envelope_->sender.to_string()},
                               {"to", recipient.address},
                               {"reason", known->error().text}});
    co_return co_await say(answer_to(known->error(), server_.options.over_quota));
  }
  recipient.tenant = (*known)->tenant;
  recipient.is_group = (*known)->is_group;
  envelope_->recipients.push_back(std::move(recipient));
  co_await say(Reply(250, "2.1.5", "Recipient ok"));
}

Task<void> LmtpSession::start_tls() {
  if (!io_.stream().can_start_tls()) co_return co_await refuse(Reply(502, "5.5.1", "TLS is not to be had here"));
  // What came in the clear behind the command could have been put there by anyone (RFC 3207 section 6).
  if (io_.has_input()) {
    co_await say(Reply(554, "5.5.0", "Nothing may follow STARTTLS before the handshake; closing"));
    is_done_ = true;
    co_return;
  }
  co_await say(Reply(220, "2.0.0", "Go ahead"));
  co_await io_.start_tls();
  reset();
  client_.clear();  // RFC 3207 section 4.2: all that was said before is forgotten
}

void LmtpSession::reset() {
  envelope_.reset();
  intake_.reset();
  std::string().swap(pending_);  // an idle connection holds no memory of its last message
  chunks_ = Chunks::none;
}

}  // namespace kontor::transport
