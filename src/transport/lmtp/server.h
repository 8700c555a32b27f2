// SPDX-License-Identifier: AGPL-3.0-or-later
// The LMTP server (RFC 2033): mail from a transfer agent into accounts, over TCP and Unix sockets, with PIPELINING,
// SIZE, 8BITMIME, SMTPUTF8, CHUNKING, ENHANCEDSTATUSCODES and STARTTLS.
//
// There is no login: listen only where none but the own transfer agents can connect.
#pragma once

#include <memory>

#include "base/metrics.h"
#include "base/time.h"
#include "base/workers.h"
#include "groupware/accounts.h"
#include "groupware/delivery.h"
#include "net/runtime.h"
#include "net/stream.h"
#include "transport/filtering/filter_gate.h"
#include "transport/journal/journal.h"
#include "transport/lmtp/options.h"
#include "transport/receiving/session.h"

namespace kontor::transport {

// Thread-safe. Must outlive its sessions, as all it refers to must.
class LmtpServer {
 public:
  // Without a filter no account's script runs; without `returns`, reports about forwards have nowhere to go. Without a
  // gate no filter is asked.
  LmtpServer(groupware::Accounts& accounts, directory::Directory& directory, Workers& workers, const Clock& clock,
             LmtpOptions options, const groupware::Filter* filter = nullptr, const Journal* journal = nullptr,
             const Returns* returns = nullptr, FilterGate* gate = nullptr);

  // For net::Runtime::listen.
  net::Session session();

  groupware::Accounts& accounts;
  const groupware::Delivery delivery;
  Workers& workers;
  const Clock& clock;
  const LmtpOptions options;
  const SessionRules rules;
  const Journal* const journal;  // null: nothing is copied
  FilterGate* const gate;        // null: there are no filters for what comes by LMTP
  const SmtpOptions buffering;   // of messages for filters

  // One for each recipient's answer after the data.
  const metrics::Counter delivered, deferred, rejected;
  const metrics::Histogram seconds;  // from the end of the data to its answers
};

}  // namespace kontor::transport
