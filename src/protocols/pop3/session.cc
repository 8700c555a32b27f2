// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/pop3/session.h"

#include <chrono>

#include "base/log.h"
#include "login/send_away.h"
#include "wire/pop3/command.h"

namespace kontor::pop3 {
namespace {

constexpr std::size_t kLine = 16 << 10;  // RFC 5034 section 4: an AUTH with an initial response is the longest

}  // namespace

Server::Server(const Services& services_, const Options& options_)
    : services(services_),
      options(options_),
      logins{services_.directory, services_.limits, services_.workers, services_.tokens},
      commands("kontor_pop3_commands_total", "POP3 commands"),
      refused("kontor_pop3_refused_total", "POP3 commands answered with -ERR"),
      messages("kontor_pop3_messages_total", "Messages sent by RETR"),
      bytes("kontor_pop3_bytes_total", "Bytes of messages sent by RETR"),
      open_sessions("kontor_pop3_sessions", "Open POP3 sessions") {
  watch = login::send_away(services.directory, directory::Protocol::pop3, presence);
}

Session::Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream)
    : server_(std::move(server)), io_(std::move(stream)) {
  server_->open_sessions.add(1);
}

Session::~Session() { server_->open_sessions.add(-1); }

Task<void> Session::run() {
  Reply farewell = Reply::none();
  std::exception_ptr failure;
  try {
    co_await talk();
  } catch (const net::TimedOut&) {
    farewell = Reply::error("you were idle for too long", "SYS/TEMP");
  } catch (const net::Cancelled&) {
    const bool may_stay =
        !maildrop_ || server_->services.directory.may_use(caller_.principal, directory::Protocol::pop3);
    farewell = may_stay ? Reply::error("server is shutting down", "SYS/TEMP")
                        : Reply::error("your access has ended", "SYS/PERM");
  } catch (const net::Disconnected&) {
  } catch (...) {
    failure = std::current_exception();
  }
  close_maildrop();
  if (farewell.kind != Reply::Kind::none && !is_answering) {
    try {
      stream().set_timeout(std::chrono::seconds(5));
      stream().set_deadline(std::nullopt);
      co_await answer(farewell);
      co_await io_.flush();
    } catch (const std::runtime_error&) {  // the peer is gone: there is nobody to tell
    }
  }
  if (maildrop_) log::info("logout", {{"protocol", "pop3"}, {"user", login_name_}, {"session", stream().id()}});
  stream().close();
  if (failure) std::rethrow_exception(failure);
}

Task<void> Session::talk() {
  stream().set_timeout(options().login_timeout);
  stream().set_deadline(std::chrono::steady_clock::now() + options().login_timeout);  // lifted by enter()
  co_await answer(Reply::ok("Kontor ready"));
  while (!is_ended_) co_await read_and_execute();
  co_await io_.flush();
}

Task<void> Session::read_and_execute() {
  if (!io_.has_input()) co_await io_.flush();
  stream().set_timeout(maildrop_ ? options().idle_timeout : options().login_timeout);
  const auto line = co_await io_.read_line(kLine);
  stream().set_timeout(maildrop_ ? options().write_timeout : options().login_timeout);
  if (!line) {
    co_await answer(Reply::error("the line is too long"));
    end();
    co_return;
  }
  server_->commands.add();
  auto command = wire::pop3::parse_command(*line);
  const Row* row = find_row(command.name);
  if (row == nullptr) {
    co_await answer(Reply::bad("there is no such command"));
  } else if ((row->states & state()) == 0) {
    co_await answer(Reply::bad(maildrop_ ? "not in this state" : "log in first"));
  } else if (!row->takes_args && !command.args.empty()) {
    co_await answer(Reply::bad("this command takes no arguments"));
  } else {
    const auto reply = co_await row->handler(*this, std::move(command.args));
    if (!reply && (reply.error().code == Errc::corrupt || reply.error().code == Errc::unavailable)) {
      log::error(
          "pop3.command_failed",
          {{"command", row->name}, {"user", login_name_}, {"session", stream().id()}, {"error", reply.error().text}});
    }
    co_await answer(reply ? *reply : reply_to(reply.error()));
  }
  if (!is_ended_ && bad_in_a_row_ >= options().bad_commands) {
    co_await answer(Reply::error("too many bad commands"));
    end();
  }
}

Task<void> Session::answer(const Reply& reply) {
  if (reply.kind == Reply::Kind::none) co_return;
  if (reply.kind == Reply::Kind::error) server_->refused.add();
  bad_in_a_row_ = reply.is_bad ? bad_in_a_row_ + 1 : 0;
  const std::string line = print(reply);
  co_await write(line);
}

Result<std::uint32_t> Session::message(std::string_view text) const {
  const auto number = wire::pop3::parse_number(text);
  if (!number) return fail(Errc::invalid, "a message's number is missing");
  if (*number == 0 || *number > maildrop_->count()) return fail(Errc::not_found, "there is no such message");
  if (maildrop_->is_deleted(*number)) return fail(Errc::not_found, "the message is marked as deleted");
  return *number;
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

std::string refusal() { return "-ERR [SYS/TEMP] too many connections\r\n"; }

}  // namespace kontor::pop3
