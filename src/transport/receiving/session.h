// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection that brings mail, from greeting to end: what LMTP and SMTP have in common. A protocol says who may
// send to whom, and what becomes of a message.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/workers.h"
#include "groupware/delivery.h"
#include "net/buffered.h"
#include "transport/receiving/envelope.h"
#include "transport/receiving/returns.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// The same for all connections of a server, which outlives them.
struct SessionRules {
  std::string protocol;  // "lmtp": for log lines
  std::string hostname;
  std::uint32_t recipients = 1000;
  std::uint64_t largest_message = 0;
  std::uint32_t line_length = 4096;
  std::chrono::seconds idle_timeout{300};
  std::chrono::seconds data_timeout{180};
  std::optional<std::chrono::seconds> message_time{};  // of one message, however its bytes trickle in
  std::uint32_t bad_commands = 20;
  bool has_strict_lines = false;     // a command that ends with a bare LF closes the connection
  const Returns* returns = nullptr;  // null: nothing comes back that was sent on
};

class ReceivingSession {
 public:
  ReceivingSession(const SessionRules& rules, const groupware::Delivery& delivery, groupware::QuotaPolicy over_quota,
                   Workers& workers, std::unique_ptr<net::Stream> stream);
  virtual ~ReceivingSession() = default;
  ReceivingSession(const ReceivingSession&) = delete;
  ReceivingSession& operator=(const ReceivingSession&) = delete;

  // Ends with the connection. What is not the end of a connection is thrown.
  Task<void> run();

 protected:
  using Reply = wire::smtp::Reply;
  using Command = wire::smtp::Command;

  // The protocol's own part.
  virtual std::string greeting() const = 0;
  virtual Task<void> hello(Command command) = 0;     // LHLO, EHLO, HELO: the protocol's own is greeted()
  virtual void add_extensions(Reply&) {}             // to the answer to EHLO
  virtual Task<void> authenticate(Command command);  // AUTH: unknown here, unless there are logins
  // Take the parameters that they know out of the command, or refuse it.
  virtual std::optional<Reply> prepare_sender(Command&) { return std::nullopt; }
  virtual std::optional<Reply> prepare_recipient(Command&) { return std::nullopt; }
  // Whether the recipient is taken, where that is not for delivery() to say.
  virtual std::optional<std::expected<EnvelopeRecipient, Reply>> own_recipient(const Command&) { return std::nullopt; }
  virtual std::optional<Reply> refuse_sender(const Command&) { return std::nullopt; }
  // Adds to a recipient that is taken what prepare_recipient() learned.
  virtual void complete_recipient(EnvelopeRecipient&) {}
  // What is known of the client may still speak against a recipient that delivery() takes.
  virtual bool judges_client() const { return false; }
  virtual Task<std::optional<Reply>> judge_client(std::string) { co_return std::nullopt; }
  virtual std::string recipient_address(const wire::smtp::Path& path) const { return path.to_string(); }
  virtual Task<void> on_refused_recipient() { co_return; }
  // The message, in pieces. On a worker; must not fail.
  virtual void write(std::string_view bytes) = 0;
  // All of it came; pending() has what write() has not seen. Answers, then calls reset().
  virtual Task<void> finish_message() = 0;
  // More bytes came than anyone would send in good faith.
  virtual bool is_endless() const { return false; }
  virtual void drop_message() = 0;

  Task<void> say(Reply reply);
  Task<void> refuse(Reply reply);  // counts as a bad command
  Task<void> greeted(Command command);
  void reset();
  void close() { is_done_ = true; }

  const SessionRules& rules() const { return rules_; }
  net::Stream& stream() { return io_.stream(); }
  net::Buffered& io() { return io_; }
  bool has_envelope() const { return envelope_.has_value(); }
  Workers& workers() { return workers_; }
  const groupware::Delivery& delivery() const { return delivery_; }
  groupware::QuotaPolicy over_quota() const { return over_quota_; }
  const std::string& client() const { return client_; }  // what it called itself; empty before its hello
  Envelope& envelope() { return *envelope_; }
  const std::string& pending() const { return pending_; }
  const std::string& id() const { return id_; }  // of the transaction

 private:
  Task<void> serve();
  Task<void> command(std::string line);
  Task<void> dispatch(Command command);
  Task<void> mail(Command command);
  Task<void> recipient(Command command);
  Task<void> data();
  Task<void> chunk(Command command);
  Task<void> start_tls();
  // Gathers the message and hands bounded pieces to a worker.
  Task<void> take(std::string_view bytes);
  Task<void> drop_chunk(std::uint64_t size);
  void begin_message();
  void restore_deadline() { io_.stream().set_deadline(message_until_); }
  Task<void> end_message();

  // A BDAT that was refused fails all that follow, until RSET or MAIL.
  enum class Chunks : std::uint8_t { none, open, failed };

  const SessionRules& rules_;
  const groupware::Delivery& delivery_;
  const groupware::QuotaPolicy over_quota_;
  Workers& workers_;
  net::Buffered io_;
  std::string client_;
  std::optional<Envelope> envelope_;
  std::string pending_;  // content that no worker has seen yet
  Chunks chunks_ = Chunks::none;
  std::optional<std::chrono::steady_clock::time_point> message_until_;  // while one comes; also between its chunks
  std::string id_;
  std::uint64_t transactions_ = 0;
  std::uint32_t bad_commands_ = 0;
  bool is_done_ = false;
};

}  // namespace kontor::transport
