// SPDX-License-Identifier: AGPL-3.0-or-later
// One LMTP connection: every recipient has an answer of its own after the message (RFC 2033 section 4.2).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "transport/lmtp/server.h"
#include "transport/receiving/intake.h"
#include "transport/receiving/session.h"
#include "transport/smtp/message.h"

namespace kontor::transport {

class LmtpSession final : public ReceivingSession {
 public:
  LmtpSession(LmtpServer& server, std::unique_ptr<net::Stream> stream);

 private:
  std::string greeting() const override { return rules().hostname + " Kontor LMTP"; }
  Task<void> hello(Command command) override;
  void write(std::string_view bytes) override;
  Task<void> finish_message() override;
  void drop_message() override;

  Intake& intake();
  Trace trace();
  std::uint64_t message_size() const { return buffered_ ? buffered_->size() : intake_ ? intake_->size() : 0; }
  // The message through the filters; then into intake().
  std::optional<Reply> filter(const Trace& trace, Intake::Manner& manner);
  std::vector<Result<groupware::Delivered>> deliver(const Trace& trace, std::optional<Reply>& common);
  void note(const std::string& recipient, const Result<groupware::Delivered>& answer, const Reply& reply);

  LmtpServer& server_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<SmtpMessage> buffered_;  // where filters want to see it
};

}  // namespace kontor::transport
