// SPDX-License-Identifier: AGPL-3.0-or-later
// The server to which users' programs bring mail: SMTP with a login (RFC 6409, RFC 4954), DSN (RFC 3461) and
// FUTURERELEASE (RFC 4865). Everything goes through the queue, also what stays here.
#pragma once

#include "base/metrics.h"
#include "base/workers.h"
#include "groupware/delivery.h"
#include "login/login.h"
#include "net/runtime.h"
#include "transport/filtering/filter_gate.h"
#include "transport/receiving/session.h"
#include "transport/smtp/options.h"
#include "transport/submission/submission.h"

namespace kontor::transport {

// Thread-safe. Must outlive its sessions, as all it refers to must.
class SubmissionServer {
 public:
  // `smtp`: how messages are read. `engine`: as of Submission. Without a gate no filter is asked.
  SubmissionServer(directory::Directory& directory, groupware::Accounts& accounts, Queue& queue,
                   const login::Services& logins, const Clock& clock, SmtpOptions smtp, SubmissionOptions options,
                   store::Engine* engine = nullptr, FilterGate* gate = nullptr);

  // For net::Runtime::listen.
  net::Session session();

  directory::Directory& directory;
  const Clock& clock;
  const login::Services logins;
  const SmtpOptions smtp;
  Submission submission;
  const groupware::Delivery delivery;
  const SessionRules rules;
  FilterGate* const gate;                 // null: there are no filters for what users send
  const metrics::Counter taken, refused;  // messages
};

}  // namespace kontor::transport
