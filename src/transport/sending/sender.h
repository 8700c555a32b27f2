// SPDX-License-Identifier: AGPL-3.0-or-later
// Takes messages out of the queue and brings them where they go: into accounts here, to smart hosts, or to the hosts
// that DNS names. Its threads block on one connection each.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"
#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/delivery.h"
#include "transport/auth/resolver.h"
#include "transport/queue/queue.h"
#include "transport/sending/conclusion.h"
#include "transport/sending/domain_keys.h"
#include "transport/sending/message_bytes.h"
#include "transport/sending/mta_sts.h"
#include "transport/sending/next_hops.h"
#include "transport/sending/options.h"
#include "transport/sending/smart_host.h"
#include "transport/sending/srs.h"

namespace kontor::transport {

class Reporter;

struct SenderServices {
  Queue& queue;
  Resolver& resolver;
  DomainKeys& keys;
  MtaSts& sts;
  groupware::Accounts& accounts;
  directory::Directory& directory;
  Workers& workers;  // help with local recipients
  const Clock& clock;
  groupware::QuotaPolicy over_quota = groupware::QuotaPolicy::defer;
  const groupware::Filter* filter = nullptr;  // without it no account's script runs
  const Srs* srs = nullptr;                   // finds whom a report about a forward is for
  Reporter* reporter = nullptr;               // without it nobody is told how TLS went
};

// Where mail of the envelope for the domain is queued up: own domains by name, else its smart host or the domain.
std::string queue_destination(const directory::Directory& directory, const std::vector<SmartHost>& smart_hosts,
                              const QueuedEnvelope& envelope, std::string_view domain);
// Of the configuration, which was checked.
std::vector<SmartHost> smart_hosts_of(const SendingOptions& options);

class Sender {
 public:
  // All services must outlive it.
  Sender(const SenderServices& services, SendingOptions options);
  ~Sender();

  void start();
  // Lets what is being sent end, but breaks connections off after `grace`.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Open;  // a connection, for as long as one destination has work

  void work();
  std::optional<Lease> next();
  void wait(std::unique_lock<std::mutex>& lock);
  void wake();
  void finished(const std::string& destination);
  void note_host(const std::string& destination, bool is_reachable);
  // Keeps `clients_`: a connection can be broken off from its first byte on.
  void watch(SmtpClient& client, bool is_there);
  bool is_breaking();
  bool is_ending();

  MessageBytes::Signers signers() const;
  SendResult<std::unique_ptr<SmtpClient>> connect(const NextHop& hop, const std::string& address);
  void note_tls(const NextHop& hop, const std::string& address, const SendResult<std::unique_ptr<SmtpClient>>& client);
  void serve(Lease lease);
  // Settles. Gives back without an outcome what could not even be tried.
  void attempt(const Lease& lease, Open& open);
  void deliver_here(const Lease& lease, const std::vector<const QueuedRecipient*>& to, MessageBytes& bytes,
                    std::vector<AttemptOutcome>& outcomes);
  void send_away(const Lease& lease, const std::vector<const QueuedRecipient*>& to, const SmartHost* smart_host,
                 const std::string& domain, MessageBytes& bytes, Open& open, std::vector<AttemptOutcome>& outcomes);
  SendResult<std::vector<wire::smtp::Reply>> send_by(const NextHop& hop, const SmtpTransaction& transaction,
                                                     MessageBytes& bytes, Open& open);
  // Where DNS leads a message of this origin.
  SendResult<std::vector<NextHop>> hops_of(Origin origin, const std::string& domain);
  void settle_late(const std::string& destination, const SendFailure& failure);
  void settle(const Lease& lease, const std::vector<AttemptOutcome>& outcomes, MessageBytes& bytes);
  Result<void> add_reports(const Lease& lease, const Conclusion& conclusion, MessageBytes& bytes,
                           std::vector<NewMessage>& into);
  void log_outcomes(const Lease& lease, const std::vector<AttemptOutcome>& outcomes) const;

  const SenderServices services_;
  const SendingOptions options_;
  const std::vector<SmartHost> smart_hosts_;
  const groupware::Delivery delivery_;
  const metrics::Counter delivered_, relayed_, deferred_, failed_;

  std::mutex mutex_;
  // One idle thread waits for the next time that something is due, and hears of news. The others wait to take its
  // place.
  std::condition_variable news_, place_, ended_;
  bool is_stopping_ = false;
  bool is_breaking_ = false;  // the grace is over
  bool has_waiter_ = false;
  std::uint64_t version_ = 0;  // of what the queue has
  struct Traffic {
    std::uint32_t active = 0;
    std::uint32_t failures = 0;  // of its hosts, in a row
    Instant until{};             // not to be tried before
  };
  std::map<std::string, Traffic> traffic_;
  std::size_t forget_at_ = 1000;  // how many of them make it worth while to forget old failures
  std::set<SmtpClient*> clients_;
  std::vector<std::thread> threads_;
};

}  // namespace kontor::transport
