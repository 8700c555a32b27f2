// SPDX-License-Identifier: AGPL-3.0-or-later
// One row of a report on TLS, and the report as JSON. RFC 8460 section 4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transport/reports/report_facts.h"
#include "transport/sending/tls_outcome.h"

namespace kontor::transport {

// Without the domain. Equal outcomes are equal bytes.
std::string encode(const TlsOutcome& row);
Result<TlsOutcome> decode_tls_row(std::string_view bytes);  // Errors: corrupt

struct CountedTlsRow {
  TlsOutcome row;
  std::uint64_t count = 0;
};

// Failures for which there is no more room in `largest` bytes are only in the sums.
std::string make_tls_feedback(const ReportFacts& facts, const std::vector<CountedTlsRow>& rows, std::size_t largest);

// The rua of a domain's TXT records at _smtp._tls (section 3); nothing if there is not exactly one such record.
std::vector<std::string> parse_tls_report_records(const std::vector<std::string>& records);

}  // namespace kontor::transport
