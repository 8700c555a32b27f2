// SPDX-License-Identifier: AGPL-3.0-or-later
// One SMTP connection: one answer for all recipients of a message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "transport/smtp/message.h"
#include "transport/smtp/server.h"

namespace kontor::transport {

class SmtpSession final : public ReceivingSession {
 public:
  SmtpSession(SmtpServer& server, std::unique_ptr<net::Stream> stream);

 private:
  std::string greeting() const override { return rules().hostname + " ESMTP Kontor"; }
  Task<void> hello(Command command) override;
  std::string recipient_address(const wire::smtp::Path& path) const override;
  Task<void> on_refused_recipient() override;
  void write(std::string_view bytes) override { message().write(bytes); }
  bool is_endless() const override;
  Task<void> finish_message() override;
  void drop_message() override { message_.reset(); }

  SmtpMessage& message();
  Trace trace();
  void note(const SmtpServer::Outcome& outcome);

  SmtpServer& server_;
  std::unique_ptr<SmtpMessage> message_;
  bool is_extended_ = false;  // it said EHLO
  std::uint32_t bad_recipients_ = 0;
};

}  // namespace kontor::transport
