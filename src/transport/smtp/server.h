// SPDX-License-Identifier: AGPL-3.0-or-later
// The SMTP server that takes mail for the own domains from everyone (RFC 5321), with PIPELINING, SIZE, 8BITMIME,
// SMTPUTF8, CHUNKING, DSN, ENHANCEDSTATUSCODES and STARTTLS. Mail for others is taken from trusted networks only, and
// goes into the queue.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"
#include "base/workers.h"
#include "groupware/accounts.h"
#include "groupware/delivery.h"
#include "net/runtime.h"
#include "net/stream.h"
#include "transport/dns/dns.h"
#include "transport/filtering/filter_gate.h"
#include "transport/journal/journal.h"
#include "transport/queue/queue.h"
#include "transport/receiving/session.h"
#include "transport/reports/reporter.h"
#include "transport/smtp/block_list.h"
#include "transport/smtp/greylist.h"
#include "transport/smtp/message.h"
#include "transport/smtp/options.h"
#include "transport/smtp/sender_check.h"
#include "transport/smtp/visitors.h"

namespace kontor::transport {

// Thread-safe. Must outlive its sessions, as all it refers to must.
class SmtpServer {
 public:
  // Without a filter no account's script runs. Without DNS no sender is checked. Without a queue nothing is relayed,
  // and nobody is told of a delivery. `returns`, which needs the queue: reports about forwards go on by
  // it. Without a reporter no owner of a domain is told what came in its name.
  // Without an engine nobody is asked to come again. Without a gate no filter is asked.
  SmtpServer(groupware::Accounts& accounts, directory::Directory& directory, Workers& workers, const Clock& clock,
             SmtpOptions options, const groupware::Filter* filter = nullptr, Dns* dns = nullptr, Queue* queue = nullptr,
             const Journal* journal = nullptr, const Returns* returns = nullptr, Reporter* reporter = nullptr,
             store::Engine* engine = nullptr, FilterGate* gate = nullptr);

  // For net::Runtime::listen.
  net::Session session();

  bool is_trusted(const net::IpAddress& address) const;  // a relay: what it says of others is believed
  bool may_relay(const net::Endpoint& peer) const;       // it may send to everybody, and is not checked
  bool is_stranger(const net::Endpoint& peer) const;  // block lists are asked about it, and it may have to come again
  // On which lists it is. Blocks as DNS does: on inspectors().
  std::vector<Listing> listings(const net::IpAddress& address);
  // By greylisting. The same. `origin` is whom the sender is known by, once that was found out: for one transaction.
  bool may_pass(const SendingClient& client, const std::string& sender, const std::string& recipient,
                std::optional<std::string>& origin);
  bool has_queue() const { return queue_ != nullptr; }

  // What is known of a message once it came whole. Blocks as DNS does: on inspectors(), which nothing else waits for.
  struct Inspection {
    std::optional<wire::smtp::Reply> refusal;  // whoever it is for
    std::string field;                         // Authentication-Results, with its CRLF; empty if nothing was checked
    bool is_junk = false;
    bool is_forged = false;  // by SPF: who did not send it gets no report
    bool is_author_proven = false;
  };
  Inspection inspect(SmtpMessage& message, const Envelope& envelope, const SendingClient& peer, const std::string& id);
  // Then: asks the filters, which may change the message and whom it is for. Blocks as they do: on filterers().
  void filter(SmtpMessage& message, Envelope& envelope, const net::Endpoint& peer, const Trace& trace,
              Inspection& inspection) const;
  Workers& inspectors() { return inspectors_ ? *inspectors_ : workers; }
  Workers* filterers() { return gate_ ? &gate_->workers() : nullptr; }  // null: there are no filters

  // A message that was inspected, for all its recipients. There is one answer for all of them (RFC 5321 section 4.2.5):
  // success only if every one has it durably. Where some have it and others could not take it, the answer is temporary,
  // and those who have it do not get it again; who can never take it is told so at the next attempt's RCPT. A
  // recipient's script may refuse only what is for this recipient alone. Blocks.
  struct Outcome {
    wire::smtp::Reply reply;
    std::vector<Result<groupware::Delivered>> answers;  // of each recipient; empty if the message was refused as such
    std::optional<QueueId> queued;                      // it went into the queue for all
  };
  Outcome accept(const SmtpMessage& message, const Inspection& inspection, const Envelope& envelope,
                 const Trace& trace);

  groupware::Accounts& accounts;
  directory::Directory& directory;
  const groupware::Delivery delivery;
  Workers& workers;
  const Clock& clock;
  const SmtpOptions options;
  const SessionRules rules;
  Visitors visitors;

  const metrics::Counter delivered, deferred, rejected, relayed;       // one for each recipient's answer after the data
  const metrics::Counter authors_pass, authors_fail, authors_unknown;  // one for each message that was checked
  const metrics::Counter refused_messages, refused_connections;
  const metrics::Histogram seconds;  // from the end of the data to the answer

 private:
  void note_author(const SenderCheck& check, const std::string& id);
  std::vector<Result<groupware::Delivered>> deliver(const SmtpMessage& message, const Inspection& inspection,
                                                    const Envelope& envelope, const Trace& trace);
  Outcome relay_all(const SmtpMessage& message, const Inspection& inspection, const Envelope& envelope,
                    const Trace& trace);
  void note_who_has_it(const SmtpMessage& message, const Envelope& envelope, const Outcome& outcome);

  const std::vector<net::Network> trusted_, relaying_;
  Dns* const dns_;  // null: nothing is checked
  Queue* const queue_;
  Reporter* const reporter_;
  Dns* const list_dns_;  // null: there are no lists
  const std::vector<BlockList> block_lists_;
  const std::unique_ptr<Greylist> greylist_;  // null: nobody is asked to come again
  FilterGate* const gate_;
  const std::optional<PublicSuffixes> suffixes_;
  const Journal* const journal_;
  std::unique_ptr<Workers> inspectors_;
};

}  // namespace kontor::transport
