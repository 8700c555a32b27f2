// SPDX-License-Identifier: AGPL-3.0-or-later
// An SPF record as a value. RFC 7208 sections 3, 5, 6 and 12. For spf.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "transport/auth/spf.h"
#include "transport/auth/spf_macro.h"

namespace kontor::transport {

enum class SpfMechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct SpfDirective {
  std::string text;  // as in the record
  SpfResult result = SpfResult::pass;
  SpfMechanism mechanism = SpfMechanism::all;
  std::optional<MacroString> domain;  // absent: the present one
  net::IpAddress address;             // ip4, ip6
  std::uint8_t prefix4 = 32;          // ip4, a, mx
  std::uint8_t prefix6 = 128;         // ip6, a, mx
};

struct SpfRecord {
  std::vector<SpfDirective> directives;
  std::optional<MacroString> redirect;
  std::optional<MacroString> explanation;
};

// Whether a TXT record is one of SPF: "v=spf1" and nothing, or a blank, behind it.
bool is_spf_record(std::string_view text);
// Errors: invalid (the sentence names the term).
Result<SpfRecord> parse_spf_record(std::string_view text);

}  // namespace kontor::transport
