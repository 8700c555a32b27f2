// SPDX-License-Identifier: AGPL-3.0-or-later
// How TLS went with one host of a domain: what reports to the domain's owner tell. RFC 8460 section 4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::transport {

enum class TlsPolicyKind : std::uint8_t { none, tlsa, sts };

struct TlsPolicy {
  bool operator==(const TlsPolicy&) const = default;
  auto operator<=>(const TlsPolicy&) const = default;

  TlsPolicyKind kind = TlsPolicyKind::none;
  std::vector<std::string> lines;  // as it was published
  std::vector<std::string> hosts;  // that it names, or is for
};

// Section 4.3.
enum class TlsResult : std::uint8_t {
  success,
  starttls_not_supported,
  certificate_host_mismatch,
  certificate_expired,
  certificate_not_trusted,
  validation_failure,
  tlsa_invalid,
  dnssec_invalid,
  sts_policy_fetch_error,
  sts_policy_invalid,
};
std::string_view name(TlsResult result);

struct TlsOutcome {
  bool operator==(const TlsOutcome&) const = default;

  std::string domain;  // of the recipients
  TlsPolicy policy;
  TlsResult result = TlsResult::success;
  // Of failures; empty where none was reached.
  std::string host, address;
  std::string reason;  // a sentence
};

}  // namespace kontor::transport
