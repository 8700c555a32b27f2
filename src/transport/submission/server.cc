// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/server.h"

#include <algorithm>

#include "transport/submission/session.h"

namespace kontor::transport {
namespace {

constexpr std::uint64_t kSubmissionHeaderRoom = 64 << 10;
constexpr std::uint32_t kLoginLine = 16 << 10;  // RFC 4954 section 4: an initial response may have 12288 bytes

SessionRules submission_rules(const SmtpOptions& smtp, const SubmissionOptions& options, std::uint64_t largest_item) {
  return {.protocol = "submission",
          .hostname = smtp.hostname,
          .recipients = options.recipients,
          .largest_message = std::min(options.largest_message, largest_item - kSubmissionHeaderRoom),
          .line_length = std::max(smtp.line_length, kLoginLine),
          .idle_timeout = smtp.idle_timeout,
          .data_timeout = smtp.data_timeout,
          .message_time = smtp.message_time,
          .bad_commands = smtp.bad_commands,
          .has_strict_lines = false};
}

// Programs of users do break lines as they like; nobody behind us must see that.
SmtpOptions lenient(SmtpOptions options) {
  options.bare_line_ends = BareLineEnds::repair;
  return options;
}

Task<void> run_submission_session(SubmissionServer& server, std::unique_ptr<net::Stream> stream) {
  SubmissionSession session(server, std::move(stream));
  co_await session.run();
}

}  // namespace

SubmissionServer::SubmissionServer(directory::Directory& directory_, groupware::Accounts& accounts, Queue& queue,
                                   const login::Services& logins_, const Clock& clock_, SmtpOptions smtp_,
                                   SubmissionOptions options, store::Engine* engine, FilterGate* gate_)
    : directory(directory_),
      clock(clock_),
      logins(logins_),
      smtp(lenient(std::move(smtp_))),
      submission(directory_, accounts, queue, clock_, smtp.hostname, options, engine),
      delivery(accounts, directory_, clock_),
      rules(submission_rules(smtp, options, accounts.options().largest_item)),
      gate(gate_ && gate_->has(FilterStage::submitted) ? gate_ : nullptr),
      taken("kontor_submission_messages_total", "Messages that users brought", {{"result", "taken"}}),
      refused("kontor_submission_messages_total", "Messages that users brought", {{"result", "refused"}}) {}

net::Session SubmissionServer::session() {
  return [this](std::unique_ptr<net::Stream> stream) { return run_submission_session(*this, std::move(stream)); };
}

}  // namespace kontor::transport
