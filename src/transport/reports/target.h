// SPDX-License-Identifier: AGPL-3.0-or-later
// Where reports go: URIs of rua=, and whether their owners want reports about somebody else's domain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/auth/public_suffixes.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

// Of a mailto: URI; others are not served.
struct ReportTarget {
  bool operator==(const ReportTarget&) const = default;

  std::string address;                   // of mail
  std::string host;                      // its domain, lower case
  std::optional<std::uint64_t> largest;  // in bytes ("!10m", RFC 7489 section 6.4)
};

// "mailto:reports@example.org!10m". Nothing for other schemes, and for what is no address.
std::optional<ReportTarget> parse_report_target(std::string_view uri);

enum class TargetConsent : std::uint8_t { given, refused, unknown };
// RFC 7489 section 7.1: whether the host says in DNS that it takes reports about the domain, where both do not belong
// to one organisation. It may name another of its addresses: `target` is that then. Blocks as the resolver does.
TargetConsent dmarc_target_consent(const std::string& domain, ReportTarget& target, const PublicSuffixes& suffixes,
                                   Resolver& resolver);

}  // namespace kontor::transport
