// SPDX-License-Identifier: AGPL-3.0-or-later
// What users may send, and what is made of it before it goes into the queue. RFC 6409.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "transport/queue/queue.h"
#include "transport/submission/options.h"
#include "transport/submission/rates.h"

namespace kontor::transport {

// A message that came whole.
struct Submitted {
  std::string sender;       // MAIL FROM; empty: the null path
  QueuedEnvelope envelope;  // reports and release as asked for; the rest is filled here
  std::vector<NewRecipient> recipients;
  std::string head;  // the header with the empty line behind it; lines end with CRLF
  std::uint64_t body_size = 0;
  // Gives the body in pieces. Errors: what `take` returns, and its own.
  std::function<Result<void>(const std::function<Result<void>(std::string_view)>& take)> body;
  std::string session;
  bool is_encrypted = false;
  bool is_utf8 = false;    // SMTPUTF8 was said
  bool is_binary = false;  // BODY=BINARYMIME was
};

// Thread-safe. Blocks but for may_use().
class Submission {
 public:
  // All must outlive it. With an engine, what users have sent counts beyond the end of the process.
  Submission(directory::Directory& directory, groupware::Accounts& accounts, Queue& queue, const Clock& clock,
             std::string hostname, SubmissionOptions options, store::Engine* engine = nullptr);

  // Whether the user may send under the address (the envelope's or From): its own, also with a sub-address, or one that
  // it was granted. Never blocks. Errors: denied.
  Result<directory::SendRight> may_use(const directory::Principal& who, std::string_view address) const;
  // Whether the user may send one more message now. Errors: over_quota (with what is wrong).
  Result<void> has_credit(const directory::Principal& who) const;

  // Checks, completes and puts it into the queue, durably. Errors: denied (From), invalid (a header that cannot be
  // sent), over_quota (too much in an hour), too_large, unavailable.
  Result<QueueId> submit(const directory::Principal& who, Submitted message);

  // The header as it is sent: with Date, Message-ID, Sender and Received, without Bcc. Errors: denied, invalid.
  Result<std::string> complete(const directory::Principal& who, const Submitted& message) const;

  const SubmissionOptions& options() const { return options_; }

 private:
  Result<std::string> sender_field(const directory::Principal& who, std::string_view head) const;
  void copy_to_sent(const directory::Principal& who, const std::string& head, const Submitted& message) const;

  directory::Directory& directory_;
  groupware::Accounts& accounts_;
  Queue& queue_;
  const Clock& clock_;
  const std::string hostname_;
  const SubmissionOptions options_;
  HourlyRates messages_, recipients_, tenant_messages_;
};

}  // namespace kontor::transport
