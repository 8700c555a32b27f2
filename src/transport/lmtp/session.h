// SPDX-License-Identifier: AGPL-3.0-or-later
// One LMTP connection, from greeting to end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/buffered.h"
#include "transport/lmtp/intake.h"
#include "transport/lmtp/server.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

class LmtpSession {
 public:
  LmtpSession(LmtpServer& server, std::unique_ptr<net::Stream> stream);

  // Ends with the connection. What is not the end of a connection is thrown.
  Task<void> run();

 private:
  using Reply = wire::smtp::Reply;
  using Command = wire::smtp::Command;

  Task<void> serve();
  Task<void> command(std::string line);
  Task<void> dispatch(Command command);
  Task<void> say(Reply reply);
  Task<void> refuse(Reply reply);  // counts as a bad command

  Task<void> hello(Command command);
  Task<void> mail(Command command);
  Task<void> recipient(Command command);
  Task<void> data();
  Task<void> chunk(Command command);
  Task<void> start_tls();

  // The message. take() gathers it and hands bounded pieces to a worker.
  Intake& intake();
  Task<void> take(std::string_view bytes);
  Task<void> drop_chunk(std::uint64_t size);
  Task<void> finish_message();
  void note(const std::string& recipient, const Result<groupware::Delivered>& answer, const Reply& reply);
  void reset();

  // A BDAT that was refused fails all that follow, until RSET or MAIL.
  enum class Chunks : std::uint8_t { none, open, failed };

  LmtpServer& server_;
  net::Buffered io_;
  std::string client_;  // what it called itself; empty before LHLO
  std::optional<Envelope> envelope_;
  std::unique_ptr<Intake> intake_;
  std::string pending_;  // content that no worker has seen yet
  Chunks chunks_ = Chunks::none;
  std::string id_;  // of the transaction
  std::uint64_t transactions_ = 0;
  std::uint32_t bad_commands_ = 0;
  bool is_done_ = false;
};

}  // namespace kontor::transport
