// SPDX-License-Identifier: AGPL-3.0-or-later
// SPF: may this client send mail of that domain? RFC 7208.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

enum class SpfResult : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view name(SpfResult result);  // "softfail", as in Authentication-Results

struct SpfRequest {
  net::IpAddress client;
  std::string helo;                  // as the client said; what is no domain name gives no result
  std::string mail_from;             // "ada@example.org"; empty: HELO is checked (RFC 7208 section 2.3)
  std::string receiver = "unknown";  // our name, for explanations
  std::int64_t time = 0;             // seconds since 1970, for explanations
};

struct SpfVerdict {
  SpfResult result = SpfResult::none;
  std::string domain;       // that was asked
  std::string term;         // of the record, which decided; empty if none did
  std::string problem;      // for permerror and temperror: a sentence for the log
  std::string explanation;  // for fail: what the domain's owner wants to be said; ASCII, not to be trusted
};

// At most 10 terms that ask DNS, 10 names for each of them, and 2 questions in vain (section 4.6.4): beyond, the result
// is permerror. Blocks as the resolver does.
SpfVerdict check_spf(const SpfRequest& request, Resolver& resolver);

}  // namespace kontor::transport
