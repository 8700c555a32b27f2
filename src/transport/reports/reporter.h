// SPDX-License-Identifier: AGPL-3.0-or-later
// Reports to owners of domains: counts what is to be told, writes it down each minute and at the end, and when a time
// is over puts the reports into the queue, on a thread of its own.
//
// What a crash loses: what was counted in the last minute. What it may double: one report that was put into the queue
// just before (it has the same id, by which receivers know it).
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/auth/public_suffixes.h"
#include "transport/auth/resolver.h"
#include "transport/auth/results.h"
#include "transport/queue/queue.h"
#include "transport/reports/options.h"
#include "transport/reports/report_facts.h"
#include "transport/reports/tally.h"
#include "transport/reports/target.h"
#include "transport/sending/tls_outcome.h"

namespace kontor::transport {

// Thread-safe.
class Reporter {
 public:
  // All must outlive it. `options.is_on()`. Errors: unavailable, corrupt.
  static Result<std::unique_ptr<Reporter>> open(store::Engine& engine, Queue& queue, Resolver& resolver,
                                                const Clock& clock, ReportOptions options);
  ~Reporter();

  // Of one message that was checked: in memory. `is_enforced`: what its author's domain asks for is done.
  void note(const AuthResults& results, bool is_enforced);

  // Of one connection to a host of a domain, or of what is wrong with its policy: in memory.
  void note(const TlsOutcome& outcome);

  void start();
  void stop();  // what was counted is durable then

  // What is due now, as the thread does it. Blocks. How many reports were put into the queue.
  Result<std::size_t> send_due();

 private:
  Reporter(std::unique_ptr<Tally> tally, Queue& queue, Resolver& resolver, const Clock& clock, ReportOptions options);
  void work();
  std::chrono::seconds pause() const;
  ReportFacts facts_of(const TallyPeriod& period) const;
  Result<std::size_t> send(const TallyPeriod& period);
  Result<std::size_t> send_dmarc(const TallyPeriod& period, const std::vector<TallyRow>& rows);
  Result<std::size_t> send_tls(const TallyPeriod& period, const std::vector<TallyRow>& rows);
  // One packed report to all who shall get it, in one commit. How many those are.
  Result<std::size_t> put(ReportKind kind, const ReportFacts& facts, const std::string& packed,
                          const std::vector<ReportTarget>& targets);

  const std::unique_ptr<Tally> tally_;
  Queue& queue_;
  Resolver& resolver_;
  const Clock& clock_;
  const ReportOptions options_;
  const PublicSuffixes suffixes_;
  const metrics::Counter sent_;

  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace kontor::transport
