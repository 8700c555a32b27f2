// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "login/send_away.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/notifications.h"
#include "wire/imap/print.h"

namespace kontor::imap {
Server::Server(const Services& services_, const Options& options_)
    : services(services_),
      options(options_),
      refused("kontor_imap_refused_total", "Commands answered with NO"),
      bad("kontor_imap_bad_total", "Commands answered with BAD"),
      open_sessions("kontor_imap_sessions", "Open IMAP sessions"),
      pace(options.commands_per_second),
      directory_news(services.directory),
      subjects(options.sort_cache) {
  for (const auto& row : rows()) {
    const std::string name = ((row.flags & kOnlyUid) != 0 ? "UID " : "") + std::string(row.name);
    timings.emplace_back("kontor_imap_command_seconds", "Time from a command to its answer",
                         metrics::Labels{{"command", name}});
  }
  watch = login::send_away(services.directory, directory::Protocol::imap, presence,
                           [this](const directory::Touched& touched) { directory_news.take(touched); });
}

Session::Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream)
    : server_(std::move(server)), io_(std::move(stream)) {
  server_->open_sessions.add(1);
}

void Session::notify(std::unique_ptr<Notifications> notifications) { notifications_ = std::move(notifications); }

Session::~Session() { server_->open_sessions.add(-1); }

std::uint8_t Session::state() const {
  if (selected_) return state::kSelected;
  return account_ ? state::kAuthenticated : state::kGreeted;
}

std::uint64_t Session::append_limit() const {
  const std::uint64_t largest = services().accounts.options().largest_item;
  return options().append_limit == 0 ? largest : std::min(options().append_limit, largest);
}

Task<void> Session::run() {
  std::string_view farewell;
  std::exception_ptr failure;
  try {
    co_await talk();
  } catch (const net::TimedOut&) {
    farewell = "you were idle for too long";
  } catch (const net::Cancelled&) {
    const bool may_stay = !account_ || services().directory.may_use(caller_.principal, directory::Protocol::imap);
    farewell = may_stay ? "server is shutting down" : "your access has ended";
  } catch (const net::Disconnected&) {
  } catch (...) {
    failure = std::current_exception();
    farewell = "internal error, see the server's log";
  }
  selected_.reset();
  if (!farewell.empty() && !is_answering_ && !io_.is_broken_off()) {
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

void Session::leave() {
  log::info("logout", {{"protocol", "imap"}, {"user", user_}, {"session", stream().id()}});
  selected_.reset();
  notifications_.reset();
  mailboxes_.reset();
  account_.reset();
  place_ = {};
  ticket_ = {};
  caller_ = {};
  user_.clear();
  name_form_ = NameForm::mutf7;
  comparator_ = {};
  is_rev2_ = is_uid_only_ = knows_modseq_ = knows_vanished_ = false;
  stream().set_deadline(std::chrono::steady_clock::now() + options().login_timeout);
}

Task<void> Session::talk() {
  co_await greet();
  while (!is_ended_) co_await read_and_execute();
  co_await io_.flush();
}

Task<Result<Mailbox>> Session::mailbox(std::string path) {
  if (mailboxes_->is_at_hand(path)) co_return mailboxes_->at(path);
  co_return co_await net::blocking(workers(), [&] { return mailboxes_->at(path); });
}

Task<void> Session::greet() {
  stream().set_timeout(options().login_timeout);
  stream().set_deadline(std::chrono::steady_clock::now() + options().login_timeout);  // lifted by enter()
  co_await write("* OK [CAPABILITY " + capabilities() + "] Kontor ready\r\n");
}

bool Session::is_barred(const Row& row) const {
  const bool leaves = row.handler == cmd_close || row.handler == cmd_unselect || row.handler == cmd_noop;
  return selected_ && selected_->is_lost && row.states == state::kSelected && !leaves;
}

// RFC 4314 leaves open what becomes of a session that loses a right. Here it has effect with the next command.
Task<void> Session::renew_rights() {
  Selected& box = *selected_;
  const auto folder = box.account->folders()->find(box.folder);
  const std::uint64_t changes = directory_changes();
  if (!folder || (folder->grants == box.grants && changes == box.directory_changes)) co_return;
  box.grants = folder->grants;
  box.directory_changes = changes;
  const std::uint32_t rights = co_await net::blocking(workers(), [&] {
    const auto reader = box.account->read(caller_);
    return reader ? (*reader)->rights(box.folder) : 0;
  });
  box.is_lost = (rights & groupware::right::kRead) == 0;
  if (rights == box.rights) co_return;
  box.rights = rights;
  const bool was_read_only = box.read_only;
  box.read_only = box.is_examined || (rights & kChanging) == 0;
  std::string lines;
  append_permanent_flags(lines, box);
  if (box.read_only != was_read_only)
    lines += box.read_only ? "* OK [READ-ONLY] you may not change this folder any more\r\n"
                           : "* OK [READ-WRITE] you may change this folder now\r\n";
  co_await write(lines);
}

Task<void> Session::execute(Command& command) {
  const Row& row = *command.row;
  if (account_) {
    const auto wait = server_->pace.take(caller_.principal.value);
    if (wait.count() > 0) {
      co_await io_.flush();
      co_await stream().pause(wait);
    }
  }
  const auto start = std::chrono::steady_clock::now();
  last_progress_ = start;
  if (may_lose_rights()) co_await renew_rights();
  Result<Reply> result = Reply{Reply::Kind::none, {}, {}};
  if (is_barred(row)) {
    result = Reply::no("you may not read this folder any more", "NOPERM");
  } else {
    result = co_await row.handler(*this, command);
  }
  const Reply reply = result ? *result : reply_to(result.error());
  if (!result && (result.error().code == Errc::corrupt || result.error().code == Errc::unavailable)) {
    log::error("imap.command_failed",
               {{"command", row.name}, {"user", user_}, {"session", stream().id()}, {"error", result.error().text}});
  }
  // Whoever does not want to know of the selected folder is told of it only what he did himself (RFC 5465 section 3.1).
  const bool removes = row.name == "EXPUNGE" || row.name == "MOVE" || row.name == "REPLACE";
  const bool wants_to_know = !notifications_ || notifications_->selected() != nullptr || removes;
  if (selected_ && reply.kind != Reply::Kind::bad && wants_to_know) {
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

Task<void> Session::progress(const Command& command, std::uint64_t done, std::uint64_t goal) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_progress_ < options().progress_after) co_return;
  last_progress_ = now;
  const std::string line = fmt::format("* OK [INPROGRESS (\"{}\" {} {})] at work\r\n", command.tag, done, goal);
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
