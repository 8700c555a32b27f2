// SPDX-License-Identifier: AGPL-3.0-or-later
// DNS by libunbound: answers are kept as long as they live, and checked by DNSSEC.
//
// 1. One libunbound context for the process; its own thread asks, ours hands the answers to those who wait.
// 2. Whoever waits gives up at its time limit. The answer that comes later is dropped, but kept for the next question.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "transport/auth/resolver.h"
#include "transport/dns/options.h"

namespace kontor::transport {

// Thread-safe. Every question blocks at most DnsOptions::timeout: ask on a worker. An answer that is only in part what
// it should be has the records that are sound.
class Dns final : public Resolver {
 public:
  // Errors: invalid (a trust anchor file that cannot be read, an unknown server).
  static Result<std::unique_ptr<Dns>> make(const DnsOptions& options);
  // Nobody may wait any more.
  ~Dns() override;

  DnsAnswer<net::IpAddress> a(std::string_view name) override;
  DnsAnswer<net::IpAddress> aaaa(std::string_view name) override;
  DnsAnswer<MxRecord> mx(std::string_view name) override;
  DnsAnswer<std::string> txt(std::string_view name) override;
  DnsAnswer<TlsaRecord> tlsa(std::string_view name) override;
  DnsAnswer<SrvRecord> srv(std::string_view name) override;
  DnsAnswer<std::string> ptr(const net::IpAddress& address) override;

  // Answers like this one until `deadline`, then `failed` at once: for all questions about one message, of which none
  // takes longer than `each`. Must not outlive it.
  std::unique_ptr<Resolver> until(std::chrono::steady_clock::time_point deadline,
                                  std::chrono::milliseconds each = std::chrono::hours(1));

 private:
  struct State;
  explicit Dns(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kontor::transport
