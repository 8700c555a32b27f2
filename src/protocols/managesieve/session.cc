// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/managesieve/session.h"

#include <chrono>

#include "base/log.h"
#include "login/send_away.h"
#include "wire/managesieve/request.h"

namespace kontor::managesieve {
namespace {

constexpr std::size_t kRead = 16 << 10;
constexpr std::size_t kLine = 16 << 10;          // with an initial response of AUTHENTICATE
constexpr std::size_t kStrangersLiteral = 8192;  // before a login
constexpr std::size_t kDropped = 16 << 20;       // a script that is too large is read to its end, up to this

bool needs_login(Verb verb) {
  switch (verb) {
    case Verb::authenticate:
    case Verb::starttls:
    case Verb::logout:
    case Verb::capability:
    case Verb::noop:
      return false;
    default:
      return true;
  }
}

}  // namespace

Server::Server(const Services& services_, const Options& options_)
    : services(services_),
      options(options_),
      logins{services_.directory, services_.limits, services_.workers, services_.tokens},
      commands("kontor_managesieve_commands_total", "ManageSieve commands"),
      refused("kontor_managesieve_refused_total", "ManageSieve commands answered with NO"),
      open_sessions("kontor_managesieve_sessions", "Open ManageSieve sessions") {
  watch = login::send_away(services.directory, directory::Protocol::managesieve, presence);
}

Session::Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream)
    : server_(std::move(server)), io_(std::move(stream)) {
  server_->open_sessions.add(1);
}

Session::~Session() { server_->open_sessions.add(-1); }

Task<void> Session::run() {
  std::optional<Response> farewell;
  std::exception_ptr failure;
  try {
    co_await talk();
  } catch (const net::TimedOut&) {
    farewell = bye("You were idle for too long.");
  } catch (const net::Cancelled&) {
    const bool may_stay =
        !account_ || server_->services.directory.may_use(caller_.principal, directory::Protocol::managesieve);
    farewell = may_stay ? bye("The server is shutting down.", "TRYLATER") : bye("Your access has ended.");
  } catch (const net::Disconnected&) {
  } catch (...) {
    failure = std::current_exception();
  }
  if (farewell && !io_.is_broken_off()) {
    try {
      io_.stream().set_timeout(std::chrono::seconds(5));
      io_.stream().set_deadline(std::nullopt);
      co_await answer(*farewell);
      co_await io_.flush();
    } catch (const std::runtime_error&) {  // the peer is gone: there is nobody to tell
    }
  }
  if (account_)
    log::info("logout", {{"protocol", "managesieve"}, {"user", login_name_}, {"session", io_.stream().id()}});
  io_.stream().close();
  if (failure) std::rethrow_exception(failure);
}

Task<void> Session::talk() {
  const Options& options = server_->options;
  io_.stream().set_timeout(options.login_timeout);
  io_.stream().set_deadline(std::chrono::steady_clock::now() + options.login_timeout);  // lifted by enter()
  const std::string greeting = capabilities() + print(ok("Kontor ready."));
  co_await io_.write(greeting);
  while (!is_ended_) co_await read_and_execute();
  co_await io_.flush();
}

Task<void> Session::read_and_execute() {
  const Options& options = server_->options;
  if (!io_.has_input()) co_await io_.flush();
  io_.stream().set_timeout(account_ ? options.idle_timeout : options.login_timeout);
  wire::managesieve::RequestLimits limits;
  limits.line = kLine;
  limits.literal = account_ ? server_->services.accounts.options().largest_script : kStrangersLiteral;
  limits.dropped = account_ ? kDropped : kStrangersLiteral;
  wire::managesieve::RequestReader reader(limits);
  while (!reader.is_complete() && !reader.is_lost()) {
    const std::string_view bytes = co_await io_.read_chunk(kRead);
    io_.give_back(bytes.size() - reader.feed(bytes));
    io_.stream().set_timeout(account_ ? options.write_timeout : options.login_timeout);
  }
  server_->commands.add();
  if (reader.is_lost()) {
    is_ended_ = true;
    co_return co_await answer(bye(reader.problem() ? reader.problem()->text : "This is no request."));
  }
  if (const auto& problem = reader.problem()) {
    if (problem->is_too_large) co_return co_await answer(no(problem->text, "QUOTA/MAXSIZE"));
    co_return co_await refuse(no(problem->text));
  }
  auto command = wire::managesieve::parse_command(reader.take());
  if (!command) co_return co_await refuse(no(command.error()));
  if (needs_login(command->verb) && !account_) co_return co_await refuse(no("Log in first."));
  bad_in_a_row_ = 0;
  Response response = co_await execute(*std::move(command));
  co_await answer(std::move(response));
}

Task<Response> Session::execute(Command command) {
  switch (command.verb) {
    case Verb::authenticate:
      co_return co_await authenticate(std::move(command));
    case Verb::starttls:
      co_return co_await start_tls();
    case Verb::logout:
      is_ended_ = true;
      co_return ok("Goodbye.");
    case Verb::capability: {
      const std::string lines = capabilities();
      co_await io_.write(lines);
      co_return ok();
    }
    case Verb::havespace:
      co_return co_await have_space(std::move(command));
    case Verb::putscript:
      co_return co_await put_script(std::move(command));
    case Verb::listscripts:
      co_return co_await list_scripts();
    case Verb::setactive:
      co_return co_await set_active(std::move(command));
    case Verb::getscript:
      co_return co_await get_script(std::move(command));
    case Verb::deletescript:
      co_return co_await delete_script(std::move(command));
    case Verb::renamescript:
      co_return co_await rename_script(std::move(command));
    case Verb::checkscript:
      co_return co_await check_script(std::move(command));
    case Verb::noop: {
      Response response = ok("Still here.");
      if (command.text) {
        response.code = "TAG";
        response.argument = *command.text;
      }
      co_return response;
    }
    case Verb::unauthenticate:
      co_return unauthenticate();
  }
  co_return no("There is no such command.");
}

Task<void> Session::answer(Response response) {
  if (response.kind == Response::Kind::no) server_->refused.add();
  const std::string line = print(response);
  co_await io_.write(line);
}

Task<void> Session::refuse(Response response) {
  co_await answer(std::move(response));
  if (++bad_in_a_row_ < server_->options.bad_commands) co_return;
  co_await answer(bye("Too many bad commands."));
  is_ended_ = true;
}

Response response_to(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return no(error.text, "NONEXISTENT");
    case Errc::exists:
      return no(error.text, "ALREADYEXISTS");
    case Errc::over_quota:
      return no(error.text, "QUOTA/MAXSCRIPTS");
    case Errc::too_large:
      return no(error.text, "QUOTA/MAXSIZE");
    case Errc::conflict:
    case Errc::unavailable:
      return no(error.text, "TRYLATER");
    case Errc::corrupt:
      return no("A fault on this server, see its log.");
    case Errc::denied:
    case Errc::invalid:
      break;
  }
  return no(error.text);
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

std::string refusal() { return print(bye("Too many connections.", "TRYLATER")); }

}  // namespace kontor::managesieve
