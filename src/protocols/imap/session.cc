// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/session.h"

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "base/log.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
using wire::imap::LiteralMark;
using wire::imap::trailing_literal;

constexpr std::size_t kLineBeforeLogin = 8 << 10;
constexpr std::size_t kLine = 64 << 10;
constexpr std::size_t kCommand = 512 << 10;  // a command with its collected literals
constexpr std::uint64_t kDrainBeforeLogin = 64 << 10;
constexpr std::uint64_t kDrain = 64 << 20;     // of literals that nobody wants
constexpr std::uint64_t kSmallLiteral = 4096;  // RFC 7888 section 5, LITERAL-

// Whether the literal that ends `text` is the message of an APPEND, not the folder's name in front of it.
bool is_message_literal(const Command& command, std::size_t literal_at) {
  const std::string_view before = std::string_view(command.text).substr(command.args_at, literal_at - command.args_at);
  return before.find_first_not_of(' ') != std::string_view::npos;
}

}  // namespace

Server::Server(const Services& services_, const Options& options_)
    : services(services_),
      options(options_),
      refused("kontor_imap_refused_total", "Commands answered with NO"),
      bad("kontor_imap_bad_total", "Commands answered with BAD"),
      open_sessions("kontor_imap_sessions", "Open IMAP sessions") {
  for (const auto& row : rows()) {
    const std::string name = ((row.flags & kOnlyUid) != 0 ? "UID " : "") + std::string(row.name);
    timings.emplace_back("kontor_imap_command_seconds", "Time from a command to its answer",
                         metrics::Labels{{"command", name}});
  }
}

Session::Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream)
    : server_(std::move(server)), io_(std::move(stream)) {
  server_->open_sessions.add(1);
}

Session::~Session() { server_->open_sessions.add(-1); }

std::uint8_t Session::state() const {
  if (selected_) return state::kSelected;
  return account_ ? state::kAuthenticated : state::kGreeted;
}

std::size_t Session::line_limit() const { return account_ ? kLine : kLineBeforeLogin; }

Task<void> Session::run() {
  std::string_view farewell;
  std::exception_ptr failure;
  try {
    co_await talk();
  } catch (const net::TimedOut&) {
    farewell = "you were idle for too long";
  } catch (const net::Cancelled&) {
    farewell = "server is shutting down";
  } catch (const net::Disconnected&) {
  } catch (...) {
    failure = std::current_exception();
    farewell = "internal error, see the server's log";
  }
  selected_.reset();
  if (!farewell.empty()) {
    try {
      stream().set_timeout(std::chrono::seconds(5));
      stream().set_deadline(std::nullopt);
      co_await bye(farewell);
    } catch (const std::runtime_error&) {  // the peer is gone: there is nobody to tell
    }
  }
  if (account_) log::info("logout", {{"protocol", "imap"}, {"user", user_}, {"session", stream().id()}});
  stream().close();
  if (failure) std::rethrow_exception(failure);
}

Task<void> Session::talk() {
  co_await greet();
  while (!is_ended_) co_await read_and_execute();
  co_await io_.flush();
}

Task<void> Session::greet() {
  stream().set_timeout(options().login_timeout);
  stream().set_deadline(std::chrono::steady_clock::now() + options().login_timeout);
  co_await write("* OK [CAPABILITY " + capabilities() + "] Kontor ready\r\n");
}

Task<void> Session::read_and_execute() {
  if (!io_.has_input()) co_await io_.flush();
  if (account_) stream().set_deadline(std::nullopt);
  stream().set_timeout(account_ ? options().idle_timeout : options().login_timeout);
  auto line = co_await io_.read_line(line_limit());
  stream().set_timeout(account_ ? options().write_timeout : options().login_timeout);
  if (line) {
    co_await handle(*std::move(line));
  } else {
    co_await answer("*", Reply::bad("the line is too long"));
    const bool found_end = co_await io_.skip_line(1 << 20);
    if (!found_end) co_await bye("the line does not end");
  }
  if (!is_ended_ && bad_in_a_row_ >= options().bad_commands) co_await bye("too many bad commands");
}

Task<void> Session::handle(std::string line) {
  Command command;
  Cursor in(line);
  command.tag = in.tag();
  in.space();
  std::string_view name = in.atom();
  if (!in.failed() && iequals(name, "UID")) {
    command.by_uid = true;
    in.space();
    name = in.atom();
  }
  if (in.failed()) {
    const std::string tag = command.tag.empty() ? "*" : command.tag;
    if (const auto mark = trailing_literal(line)) {
      co_await refuse_literal(command, *mark, Reply::bad(in));
    } else {
      co_await answer(tag, Reply::bad(in));
    }
    co_return;
  }
  command.row = find_row(name, command.by_uid);
  command.args_at = line.size() - in.rest().size();
  command.text = line;
  const bool is_ready = co_await collect(command, line);
  if (is_ready) co_await execute(command);
}

Task<bool> Session::collect(Command& command, std::string_view line) {
  std::optional<Reply> refusal;
  if (command.row == nullptr) {
    refusal = Reply::bad("there is no such command");
  } else if ((command.row->states & state()) == 0) {
    refusal = Reply::bad(account_ ? "not in this state" : "log in first");
  }
  std::optional<LiteralMark> mark = trailing_literal(line);
  std::string next;
  while (mark) {
    const std::size_t at = command.text.size() - line.size() + mark->at;
    const bool streams = command.row != nullptr && (command.row->flags & kStreamsLiteral) != 0;
    if (!refusal && streams && is_message_literal(command, at)) {
      command.text.resize(at);
      command.pending = mark;
      co_return true;
    }
    const std::size_t most = account_ ? kCommand : kLineBeforeLogin;
    if (!refusal && mark->binary) refusal = Reply::bad("literal8 has no place here");
    if (!refusal && (mark->size > most || command.text.size() + mark->size > most ||
                     (!account_ && !mark->synchronising && mark->size > kSmallLiteral))) {
      refusal = Reply::no("the literal is too large", "LIMIT");
    }
    if (refusal) co_return co_await refuse_literal(command, *mark, *std::move(refusal));
    if (mark->synchronising) co_await ask("send the literal");
    command.text += "\r\n";
    command.text += co_await io_.read_exactly(static_cast<std::size_t>(mark->size));
    auto more = co_await io_.read_line(line_limit());
    if (!more || command.text.size() + more->size() > most + kLine) {
      co_await bye("the command is too long");
      co_return false;
    }
    next = *std::move(more);
    command.text += next;
    line = next;
    mark = trailing_literal(line);
  }
  if (!refusal) co_return true;
  co_await answer(command.tag, *refusal);
  co_return false;
}

// RFC 7888 section 4: a synchronising literal is refused by not asking for it; another one comes anyway.
Task<bool> Session::refuse_literal(const Command& command, LiteralMark mark, Reply reply) {
  const bool drained = co_await drain(mark);
  if (drained) {
    co_await answer(command.tag.empty() ? "*" : std::string_view(command.tag), reply);
  } else {
    co_await bye("the literal is too large");
  }
  co_return false;
}

Task<bool> Session::drain(LiteralMark mark) {
  std::uint64_t budget = account_ ? kDrain : kDrainBeforeLogin;
  while (!mark.synchronising) {
    if (mark.size > budget) co_return false;
    budget -= mark.size;
    for (std::uint64_t left = mark.size; left > 0;) {
      const auto piece = co_await io_.read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(left, kLine)));
      left -= piece.size();
    }
    const auto line = co_await io_.read_line(kLine);
    if (!line) co_return false;
    const auto next = trailing_literal(*line);
    if (!next) co_return true;
    mark = *next;
  }
  co_return true;
}

Task<void> Session::execute(Command& command) {
  const Row& row = *command.row;
  const auto start = std::chrono::steady_clock::now();
  const Result<Reply> result = co_await row.handler(*this, command);
  const Reply reply = result ? *result : reply_to(result.error());
  if (!result && (result.error().code == Errc::corrupt || result.error().code == Errc::unavailable)) {
    log::error("imap.command_failed",
               {{"command", row.name}, {"user", user_}, {"session", stream().id()}, {"error", result.error().text}});
  }
  if (selected_ && reply.kind != Reply::Kind::bad) {
    const bool holds = (row.flags & kKeepsNumbers) != 0 && !command.by_uid;
    co_await announce(holds ? Expunges::hold : Expunges::tell);
  }
  co_await answer(command.tag, reply);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  server_->timings[static_cast<std::size_t>(&row - rows().data())].observe(took.count());
}

Task<void> Session::answer(std::string_view tag, const Reply& reply) {
  if (reply.kind == Reply::Kind::none) co_return;
  if (reply.kind == Reply::Kind::bad) {
    ++bad_in_a_row_;
    server_->bad.add();
  } else {
    bad_in_a_row_ = 0;
    if (reply.kind == Reply::Kind::no) server_->refused.add();
  }
  std::string line(tag);
  line += " " + print(reply) + "\r\n";
  co_await write(line);
}

Task<void> Session::ask(std::string_view text) {
  const std::string line = "+ " + std::string(text) + "\r\n";
  co_await write(line);
  co_await io_.flush();
}

Task<void> Session::bye(std::string_view text) {
  is_ended_ = true;
  const std::string line = "* BYE " + std::string(text) + "\r\n";
  co_await write(line);
  co_await io_.flush();
}

namespace {

Task<void> serve_connection(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream) {
  Session one(std::move(server), std::move(stream));
  co_await one.run();
}

}  // namespace

net::Session session(const Services& services, const Options& options) {
  auto server = std::make_shared<const Server>(services, options);
  return [server](std::unique_ptr<net::Stream> stream) { return serve_connection(server, std::move(stream)); };
}

std::string refusal() { return "* BYE [UNAVAILABLE] too many connections\r\n"; }

}  // namespace kontor::imap
