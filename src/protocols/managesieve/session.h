// SPDX-License-Identifier: AGPL-3.0-or-later
// One ManageSieve connection from greeting to end. Commands are read one at a time and executed in order; what is
// pipelined waits in the stream. All blocking work runs on the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "net/blocking.h"
#include "net/buffered.h"
#include "net/presence.h"
#include "protocols/managesieve/server.h"
#include "wire/managesieve/command.h"
#include "wire/managesieve/response.h"

namespace kontor::managesieve {

using wire::managesieve::Command;
using wire::managesieve::Response;
using wire::managesieve::Verb;

// What all sessions share.
struct Server {
  Server(const Services& services_, const Options& options_);

  Services services;
  Options options;
  login::Services logins;
  mutable net::Presence presence;  // by principal
  metrics::Counter commands, refused;
  metrics::Gauge open_sessions;
  std::unique_ptr<directory::Watch> watch;
};

inline Response ok(std::string text = {}) { return {Response::Kind::ok, {}, {}, std::move(text)}; }
inline Response no(std::string text, std::string code = {}) {
  return {Response::Kind::no, std::move(code), {}, std::move(text)};
}
inline Response bye(std::string text, std::string code = {}) {
  return {Response::Kind::bye, std::move(code), {}, std::move(text)};
}
// The one place where the core's errors become response codes (RFC 5804 section 1.3).
Response response_to(const Error& error);

class Session {
 public:
  Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Task<void> run();

 private:
  Task<void> talk();
  Task<void> read_and_execute();
  Task<Response> execute(Command command);
  Task<void> answer(Response response);
  Task<void> refuse(Response response);  // counts as a bad command

  // session_login.cc
  std::string capabilities();
  Task<Response> start_tls();
  Task<Response> authenticate(Command command);
  Task<Result<void>> enter(directory::Principal principal);
  Response unauthenticate();
  bool may_send_password() { return login::may_send_secret(io_.stream(), server_->options.plain_login); }

  // session_scripts.cc
  Task<Response> have_space(Command command);
  Task<Response> put_script(Command command);
  Task<Response> check_script(Command command);
  Task<Response> list_scripts();
  Task<Response> get_script(Command command);
  Task<Response> set_active(Command command);
  Task<Response> delete_script(Command command);
  Task<Response> rename_script(Command command);
  Task<Response> change(std::function<Result<void>(groupware::Transaction&)> step, std::string done);

  std::shared_ptr<const Server> server_;
  net::Buffered io_;
  std::shared_ptr<groupware::Account> account_;  // null: not logged in
  groupware::Caller caller_;
  std::string login_name_;
  net::Limits::Place place_;
  net::Presence::Ticket ticket_;
  std::uint32_t failed_logins_ = 0;
  std::uint32_t bad_in_a_row_ = 0;
  bool is_ended_ = false;
};

}  // namespace kontor::managesieve
