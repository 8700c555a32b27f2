// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "net/blocking.h"
#include "transport/receiving/answers.h"

namespace kontor::transport {

using wire::smtp::Reply;
using wire::smtp::Verb;

ReceivingSession::ReceivingSession(const SessionRules& rules, const groupware::Delivery& delivery,
                                   groupware::QuotaPolicy over_quota, Workers& workers,
                                   std::unique_ptr<net::Stream> stream)
    : rules_(rules), delivery_(delivery), over_quota_(over_quota), workers_(workers), io_(std::move(stream)) {}

// The one place where a connection's end is caught. A farewell is sent where someone may still listen.
Task<void> ReceivingSession::run() {
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
  log::debug(rules_.protocol + ".end", {{"session", io_.stream().id()}, {"reason", reason}});
  if (!farewell) co_return;
  try {
    co_await say(*farewell);
    co_await io_.flush();
  } catch (const std::runtime_error&) {
    // The peer is gone: nobody is left to be told.
  }
}

Task<void> ReceivingSession::serve() {
  log::debug(rules_.protocol + ".start",
             {{"session", io_.stream().id()}, {"peer", net::to_string(io_.stream().peer())}});
  io_.stream().set_timeout(rules_.idle_timeout);
  co_await say(Reply(220, "", greeting()));
  while (!is_done_) {
    // Answers of a pipelined group go out together, RFC 2920 section 3.2.
    if (!io_.has_input()) co_await io_.flush();
    // A line may not trickle in for longer than silence may last.
    const auto until = std::chrono::steady_clock::now() + rules_.idle_timeout;
    io_.stream().set_deadline(std::min(until, message_until_.value_or(until)));
    Result<std::string> line = co_await io_.read_line(rules_.line_length);
    restore_deadline();
    if (line && rules_.has_strict_lines && !io_.had_crlf()) {
      co_await say(Reply(521, "5.5.2", "A line ended without CR; closing"));
      is_done_ = true;
    } else if (line) {
      co_await command(*std::move(line));
    } else {
      co_await refuse(Reply(500, "5.5.6", "The line is too long"));
      if (!co_await io_.skip_line(64 << 10)) is_done_ = true;
    }
  }
  co_await io_.flush();
}

Task<void> ReceivingSession::say(Reply reply) {
  bool is_utf8 = envelope_ && envelope_->is_utf8;
  std::string bytes = wire::smtp::print(reply, is_utf8);
  co_await io_.write(bytes);
}

Task<void> ReceivingSession::refuse(Reply reply) {
  co_await say(std::move(reply));
  if (++bad_commands_ < rules_.bad_commands) co_return;
  co_await say(Reply(421, "4.7.0", "Too many bad commands; closing"));
  log::info(rules_.protocol + ".bad_commands",
            {{"session", io_.stream().id()}, {"peer", net::to_string(io_.stream().peer())}});
  is_done_ = true;
}

Task<void> ReceivingSession::command(std::string line) {
  auto parsed = wire::smtp::parse_command(line);
  if (parsed)
    co_await dispatch(*std::move(parsed));
  else
    co_await refuse(parsed.error());
}

Task<void> ReceivingSession::dispatch(Command command) {
  switch (command.verb) {
    case Verb::lhlo:
    case Verb::ehlo:
    case Verb::helo:
      co_await hello(std::move(command));
      break;
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
      co_await say(Reply(214, "2.0.0", "RFC 5321 explains it"));
      break;
    case Verb::starttls:
      co_await start_tls();
      break;
    case Verb::auth:
      co_await authenticate(std::move(command));
      break;
    case Verb::quit:
      co_await say(Reply(221, "2.0.0", "Goodbye"));
      is_done_ = true;
      break;
  }
}

Task<void> ReceivingSession::authenticate(Command) { co_await refuse(Reply(500, "5.5.1", "Unknown command")); }

Task<void> ReceivingSession::greeted(Command command) {
  reset();
  client_ = command.text;
  if (command.verb == Verb::helo) co_return co_await say(Reply(250, "", rules_.hostname));
  Reply reply(250, "", rules_.hostname);
  for (std::string_view extension :
       {"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME"})
    reply.lines.emplace_back(extension);
  reply.lines.push_back(fmt::format("SIZE {}", rules_.largest_message));
  if (io_.stream().can_start_tls()) reply.lines.emplace_back("STARTTLS");
  add_extensions(reply);
  co_await say(std::move(reply));
}

Task<void> ReceivingSession::mail(Command command) {
  if (client_.empty()) co_return co_await refuse(Reply(503, "5.5.1", "Say hello first"));
  if (envelope_) co_return co_await refuse(Reply(503, "5.5.1", "A transaction is open already"));
  if (auto refusal = prepare_sender(command)) co_return co_await refuse(*std::move(refusal));
  if (!command.unknown.empty())
    co_return co_await refuse(Reply(555, "5.5.4", "Unknown parameter " + command.unknown.front().keyword));
  if (!command.path.is_ascii() && !command.is_utf8)
    co_return co_await refuse(Reply(553, "5.6.7", "Such an address needs SMTPUTF8"));
  if (command.size.value_or(0) > rules_.largest_message)
    co_return co_await say(
        Reply(552, "5.3.4", fmt::format("The message is too large; at most {}", rules_.largest_message)));
  if (auto refusal = refuse_sender(command)) co_return co_await say(*std::move(refusal));
  reset();
  envelope_.emplace();
  envelope_->sender = std::move(command.path);
  envelope_->size = command.size;
  envelope_->is_utf8 = command.is_utf8;
  envelope_->is_binary = command.body == wire::smtp::Body::binary;
  id_ = fmt::format("{}.{}", io_.stream().id(), ++transactions_);
  co_await say(Reply(250, "2.1.0", "Sender ok"));
}

Task<void> ReceivingSession::recipient(Command command) {
  if (!envelope_ || chunks_ != Chunks::none) co_return co_await refuse(Reply(503, "5.5.1", "Say MAIL first"));
  if (auto refusal = prepare_recipient(command)) co_return co_await refuse(*std::move(refusal));
  if (!command.unknown.empty())
    co_return co_await refuse(Reply(555, "5.5.4", "Unknown parameter " + command.unknown.front().keyword));
  if (!command.path.is_ascii() && !envelope_->is_utf8)
    co_return co_await refuse(Reply(553, "5.6.7", "Such an address needs SMTPUTF8"));
  if (envelope_->recipients.size() >= rules_.recipients)
    co_return co_await say(Reply(452, "4.5.3", "Too many recipients; bring the others in another transaction"));

  auto own = own_recipient(command);
  if (!own && rules_.returns) own = rules_.returns->recipient(envelope_->sender, command.path);
  if (own) {
    if (*own) {
      complete_recipient(**own);
      envelope_->recipients.push_back(**own);
    }
    co_return co_await say(*own ? Reply(250, "2.1.5", "Recipient ok") : own->error());
  }
  EnvelopeRecipient recipient;
  recipient.address = recipient_address(command.path);
  std::uint64_t size = envelope_->size.value_or(0);
  // Almost always known at once: a turn on a worker would cost more than all the rest of RCPT.
  std::optional<Result<groupware::Delivery::Accepted>> known = delivery_.accepts_at_once(recipient.address, size);
  if (!known) known = co_await net::blocking(workers_, [&] { return delivery_.accepts(recipient.address, size); });
  if (!*known) {
    log::info(rules_.protocol + ".refused", {{"session", io_.stream().id()},
                                             {"peer", net::to_string(io_.stream().peer())},
                                             {"from", envelope_->sender.to_string()},
                                             {"to", recipient.address},
                                             {"reason", known->error().text}});
    co_await say(answer_to(known->error(), over_quota_));
    // Who guesses addresses does not meet full or suspended mailboxes only.
    const Errc code = known->error().code;
    if (code != Errc::over_quota && code != Errc::unavailable) co_await on_refused_recipient();
    co_return;
  }
  if (judges_client()) {
    if (auto refusal = co_await judge_client(recipient.address)) co_return co_await say(*std::move(refusal));
  }
  recipient.tenant = (*known)->tenant;
  recipient.is_group = (*known)->is_group;
  complete_recipient(recipient);
  envelope_->recipients.push_back(std::move(recipient));
  co_await say(Reply(250, "2.1.5", "Recipient ok"));
}

Task<void> ReceivingSession::start_tls() {
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

void ReceivingSession::reset() {
  envelope_.reset();
  drop_message();
  std::string().swap(pending_);  // an idle connection holds no memory of its last message
  chunks_ = Chunks::none;
  message_until_.reset();
  restore_deadline();
}

}  // namespace kontor::transport
