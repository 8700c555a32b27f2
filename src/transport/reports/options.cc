// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/options.h"

#include "directory/address.h"

namespace kontor::transport {

using namespace std::chrono_literals;

void declare(config::Schema& schema, ReportOptions& into) {
  schema.text("reports.address", into.address,
              {"The address from which reports to owners of domains come, which is also told as the one to ask. Its "
               "domain should be an own one, with DKIM keys. Empty: nothing is counted, and no reports are sent."},
              [](std::string_view text) -> Result<void> {
                if (!text.empty()) TRY_VOID(directory::parse_address(text));
                return {};
              });
  schema.text("reports.organization", into.organization,
              {"Who reports, as people shall read it. Empty: the domain of `reports.address`."});
  schema.text("reports.contact", into.contact, {"A further way to ask about reports, like the URL of a page."});
  schema.flag("reports.dmarc", into.dmarc,
              {"Whether domains that ask for it (`rua` of DMARC, RFC 7489) are told what came in their name."});
  schema.flag(
      "reports.tls", into.tls,
      {"Whether domains that ask for it (TLS-RPT, RFC 8460) are told how TLS with their hosts went, and what is "
       "wrong with their policies (DANE, MTA-STS). By mail only: targets with https are not served."});
  schema.duration("reports.every", into.every, {1s, 24h},
                  {"Of how long a time a report tells. Days are those of UTC. Other lengths than 24 hours are for "
                   "tests."});
  schema.size("reports.largest", into.largest, {1 << 16, 1ULL << 30},
              {"How large a report may be before it is packed; what is rare is left out of one that would be larger."});
}

}  // namespace kontor::transport
