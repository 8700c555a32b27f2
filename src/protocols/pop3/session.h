// SPDX-License-Identifier: AGPL-3.0-or-later
// One POP3 connection from greeting to end.
//
// Commands are read one at a time and executed in order; what is pipelined waits in the stream. Output gathers and is
// sent when it is large and before waiting for the client. All blocking work runs on the workers. Only QUIT changes the
// maildrop (RFC 1939 section 6): a session that ends otherwise leaves everything as it was.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "net/blocking.h"
#include "net/buffered.h"
#include "net/presence.h"
#include "protocols/pop3/claims.h"
#include "protocols/pop3/command.h"
#include "protocols/pop3/maildrop.h"
#include "protocols/pop3/server.h"

namespace kontor::pop3 {

// What all sessions share.
struct Server {
  Server(const Services& services_, const Options& options_);

  Services services;
  Options options;
  login::Services logins;
  mutable Maildrops maildrops;
  mutable LoginTimes login_times;
  mutable net::Presence presence;  // by principal
  metrics::Counter commands, refused, messages, bytes;
  metrics::Gauge open_sessions;
  std::unique_ptr<directory::Watch> watch;
};

class Session {
 public:
  Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Task<void> run();

  // For handlers.
  const Server& server() const { return *server_; }
  const Options& options() const { return server_->options; }
  Workers& workers() const { return server_->services.workers; }
  net::Buffered& io() { return io_; }
  net::Stream& stream() { return io_.stream(); }
  Task<void> write(std::string_view bytes) { return io_.write(bytes); }

  std::uint8_t state() const { return maildrop_ ? state::kTransaction : state::kAuthorization; }
  bool may_send_password() { return login::may_send_secret(stream(), options().plain_login); }
  Task<Reply> finish_login(login::Login& login, login::Verdict verdict);
  Maildrop& maildrop() { return *maildrop_; }
  groupware::Account& account() { return *account_; }
  const groupware::Caller& caller() const { return caller_; }
  // The number that `text` names, if there is such a message and it is not marked as deleted.
  Result<std::uint32_t> message(std::string_view text) const;

  // Ends the session after this command.
  void end() { is_ended_ = true; }
  // Lets the maildrop go, for the next session.
  void close_maildrop() { lock_ = {}; }

  std::string user;  // what USER gave
  std::uint32_t failed_logins = 0;
  bool speaks_utf8 = false;
  bool is_answering = false;  // within an answer of many lines: if the session ends there, it ends without a word

 private:
  Task<void> talk();
  Task<void> read_and_execute();
  Task<Result<void>> enter(directory::Principal principal);
  Task<void> answer(const Reply& reply);

  std::shared_ptr<const Server> server_;
  net::Buffered io_;
  std::shared_ptr<groupware::Account> account_;
  groupware::Caller caller_;
  std::string login_name_;
  net::Limits::Place place_;
  net::Presence::Ticket ticket_;
  Maildrops::Lock lock_;
  std::optional<Maildrop> maildrop_;
  std::uint32_t bad_in_a_row_ = 0;
  bool is_ended_ = false;
};

}  // namespace kontor::pop3
