// SPDX-License-Identifier: AGPL-3.0-or-later
// MTA-STS: domains that want their mail over verified TLS only. RFC 8461.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "transport/auth/resolver.h"
#include "transport/sending/tls_outcome.h"

namespace kontor::store {
class Engine;
}

namespace kontor::transport {

struct StsPolicy {
  enum class Mode : std::uint8_t { none, testing, enforce };

  Mode mode = Mode::none;
  std::vector<std::string> hosts;  // lower case; "*.example.org" stands for one label
  std::chrono::seconds max_age{0};

  bool allows(std::string_view host) const;
  std::vector<std::string> lines() const;  // as section 3.2 writes it
};

// Section 3.2. Errors: invalid.
Result<StsPolicy> parse_sts_policy(std::string_view text);
// The policy's id of a domain's TXT records (section 3.1); nothing if there is not exactly one such record.
std::optional<std::string> parse_sts_records(const std::vector<std::string>& records);

// Policies, kept in the store as long as they are good. Thread-safe; blocks.
class MtaSts {
 public:
  // All must outlive it. `authorities`: a PEM file, or empty for the system's. `port`: of the policy hosts.
  MtaSts(store::Engine& engine, const Clock& clock, Resolver& resolver, std::string authorities,
         std::uint16_t port = 443);

  // The domain's policy; nothing if it has none that is good, or none can be had. Calls `fault` if it was asked for in
  // vain just now.
  using Fault = std::function<void(TlsResult, const std::string& why)>;
  std::optional<StsPolicy> policy(const std::string& domain, const Fault& fault = {});

 private:
  struct Kept {
    std::string id;
    Instant fetched{};
    StsPolicy policy;
    bool is_good(Instant now) const { return now < fetched + policy.max_age; }
  };
  std::optional<Kept> load(const std::string& domain);
  Result<std::string> fetch(const std::string& domain);

  store::Engine& engine_;
  const Clock& clock_;
  Resolver& resolver_;
  const std::string authorities_;
  const std::uint16_t port_;
  std::mutex mutex_;
  std::map<std::string, Instant> failed_;  // not to be asked again before
};

}  // namespace kontor::transport
