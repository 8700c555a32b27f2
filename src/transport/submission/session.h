// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection of a user's program.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/smtp/message.h"
#include "transport/submission/parameters.h"
#include "transport/submission/server.h"

namespace kontor::transport {

class SubmissionSession final : public ReceivingSession {
 public:
  SubmissionSession(SubmissionServer& server, std::unique_ptr<net::Stream> stream);

 private:
  std::string greeting() const override { return rules().hostname + " ESMTP Kontor"; }
  Task<void> hello(Command command) override;
  void add_extensions(Reply& reply) override;
  Task<void> authenticate(Command command) override;
  std::optional<Reply> prepare_sender(Command& command) override;
  std::optional<Reply> prepare_recipient(Command& command) override;
  std::optional<std::expected<EnvelopeRecipient, Reply>> own_recipient(const Command& command) override;
  void write(std::string_view bytes) override { message().write(bytes); }
  bool is_endless() const override;
  Task<void> finish_message() override;
  void drop_message() override;

  SmtpMessage& message();
  // What is said when it is in the queue, or else.
  std::expected<Reply, Reply> submit(const std::string& session, bool is_encrypted);
  // Asks the filters. The reply ends it.
  std::optional<std::expected<Reply, Reply>> filter(const std::string& session, Submitted& submitted);

  SubmissionServer& server_;
  std::optional<directory::Principal> user_;
  std::uint32_t failures_ = 0;
  MailParameters asked_;
  RecipientParameters recipient_asked_;
  std::vector<NewRecipient> recipients_;
  std::unique_ptr<SmtpMessage> message_;
};

}  // namespace kontor::transport
