// SPDX-License-Identifier: AGPL-3.0-or-later
// A report as a message: what it holds is packed (gzip) and attached. RFC 7489 section 7.2.1.1, RFC 8460 section 5.3.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "transport/reports/report_facts.h"
#include "transport/reports/tally.h"

namespace kontor::transport {

// Errors: none; memory is a few times `content`.
std::string gzip(std::string_view content);

struct ReportMail {
  ReportKind kind = ReportKind::dmarc;
  ReportFacts facts;
  std::string_view packed;  // by gzip()
  std::string to;           // an address
  std::string message_id;   // without angle brackets
  Instant now{};
};

std::string make_report_mail(const ReportMail& mail);

}  // namespace kontor::transport
