// SPDX-License-Identifier: AGPL-3.0-or-later
// One SMTP connection: one answer for all recipients of a message.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/smtp/message.h"
#include "transport/smtp/server.h"
#include "transport/submission/parameters.h"

namespace kontor::transport {

class SmtpSession final : public ReceivingSession {
 public:
  SmtpSession(SmtpServer& server, std::unique_ptr<net::Stream> stream);

 private:
  std::string greeting() const override { return rules().hostname + " ESMTP Kontor"; }
  Task<void> hello(Command command) override;
  void add_extensions(Reply& reply) override;
  std::optional<Reply> prepare_sender(Command& command) override;
  std::optional<Reply> prepare_recipient(Command& command) override;
  std::optional<std::expected<EnvelopeRecipient, Reply>> own_recipient(const Command& command) override;
  void complete_recipient(EnvelopeRecipient& recipient) override;
  bool judges_client() const override { return is_stranger_; }
  Task<std::optional<Reply>> judge_client(std::string recipient) override;
  std::string recipient_address(const wire::smtp::Path& path) const override;
  Task<void> on_refused_recipient() override;
  void write(std::string_view bytes) override { message().write(bytes); }
  bool is_endless() const override;
  Task<void> finish_message() override;
  void drop_message() override {
    message_.reset();
    origin_.reset();
  }

  SmtpMessage& message();
  Trace trace();
  void note(const SmtpServer::Outcome& outcome);

  SmtpServer& server_;
  std::unique_ptr<SmtpMessage> message_;
  bool is_extended_ = false;  // it said EHLO
  const bool may_relay_, is_stranger_;
  std::optional<std::vector<Listing>> listings_;  // once they were asked for
  std::optional<std::string> origin_;             // by which greylisting knows this transaction's sender
  MailParameters asked_;
  RecipientParameters recipient_asked_;
  std::uint32_t bad_recipients_ = 0;
};

}  // namespace kontor::transport
