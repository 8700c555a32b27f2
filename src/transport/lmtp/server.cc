// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/server.h"

#include <algorithm>

#include "transport/lmtp/session.h"

namespace kontor::transport {
namespace {

// For the fields that we put before a message.
constexpr std::uint64_t kLmtpHeaderRoom = 8 << 10;

const std::string kAnswers = "kontor_lmtp_recipients_total";
const std::string kAnswersHelp = "Recipients answered after the data, by result";

// Another agent took the message: only what filters need is asked for.
SmtpOptions lmtp_buffering(const FilterOptions& options) {
  SmtpOptions out;
  out.spool_folder = options.spool_folder;
  out.bare_line_ends = BareLineEnds::repair;
  out.hops = UINT32_MAX;
  out.largest_header = 4 << 20;
  return out;
}

Task<void> run_session(LmtpServer& server, std::unique_ptr<net::Stream> stream) {
  LmtpSession session(server, std::move(stream));
  co_await session.run();
}

}  // namespace

LmtpServer::LmtpServer(groupware::Accounts& accounts_, directory::Directory& directory, Workers& workers_,
                       const Clock& clock_, LmtpOptions options_, const groupware::Filter* filter,
                       const Journal* journal_, const Returns* returns, FilterGate* gate_)
    : accounts(accounts_),
      delivery(accounts_, directory, clock_, options_.over_quota, filter),
      workers(workers_),
      clock(clock_),
      options(std::move(options_)),
      rules{.protocol = "lmtp",
            .hostname = options.hostname,
            .recipients = options.recipients,
            .largest_message = std::min(options.largest_message, accounts_.options().largest_item - kLmtpHeaderRoom),
            .line_length = options.line_length,
            .idle_timeout = options.idle_timeout,
            .data_timeout = options.data_timeout,
            .bad_commands = options.bad_commands,
            .returns = returns},
      journal(journal_),
      gate(gate_ && gate_->has(FilterStage::lmtp) ? gate_ : nullptr),
      buffering(gate ? lmtp_buffering(gate->options()) : SmtpOptions()),
      delivered(kAnswers, kAnswersHelp, {{"result", "delivered"}}),
      deferred(kAnswers, kAnswersHelp, {{"result", "deferred"}}),
      rejected(kAnswers, kAnswersHelp, {{"result", "rejected"}}),
      seconds("kontor_lmtp_delivery_seconds", "Time from the end of a message to its answers") {}

net::Session LmtpServer::session() {
  return [this](std::unique_ptr<net::Stream> stream) { return run_session(*this, std::move(stream)); };
}

}  // namespace kontor::transport
