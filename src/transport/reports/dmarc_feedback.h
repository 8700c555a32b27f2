// SPDX-License-Identifier: AGPL-3.0-or-later
// An aggregate report of DMARC as XML. RFC 7489 appendix C.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "transport/reports/dmarc_row.h"
#include "transport/reports/report_facts.h"

namespace kontor::transport {

struct CountedDmarcRow {
  DmarcRow row;
  std::uint64_t count = 0;
};

// `rows`: at least one; the policy that was published is the first one's. Rows for which there is no more room in
// `largest` bytes are left out, and said so.
std::string make_dmarc_feedback(const ReportFacts& facts, const std::vector<CountedDmarcRow>& rows,
                                std::size_t largest);

}  // namespace kontor::transport
