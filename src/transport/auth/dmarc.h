// SPDX-License-Identifier: AGPL-3.0-or-later
// DMARC: does the author's domain stand behind the message, and what does it want to become of it if not? RFC 7489.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/auth/dkim.h"
#include "transport/auth/public_suffixes.h"
#include "transport/auth/resolver.h"
#include "transport/auth/spf.h"

namespace kontor::transport {

enum class DmarcPolicy : std::uint8_t { none, quarantine, reject };
std::string_view name(DmarcPolicy policy);

// RFC 7489 section 6.3.
struct DmarcRecord {
  bool operator==(const DmarcRecord&) const = default;

  DmarcPolicy policy = DmarcPolicy::none;
  std::optional<DmarcPolicy> subdomain_policy;
  bool has_strict_dkim = false;
  bool has_strict_spf = false;
  std::uint32_t percent = 100;
  std::vector<std::string> reports;  // rua=, URIs as written
};

// Nothing if it is no record of DMARC's version 1. What is unknown or broken in it is passed over, as section 6.3 asks
// for; a broken policy is `none` if there is an address for reports, else it is no record (section 6.6.3).
std::optional<DmarcRecord> parse_dmarc_record(std::string_view text);

struct Authors {
  bool operator==(const Authors&) const = default;

  std::vector<std::string> domains;  // lower case, each once; none, where From names none
  bool is_ambiguous = false;         // several fields From, or more than 10 domains: readers may show any of them
};
Authors find_authors(std::string_view head);

enum class DmarcResult : std::uint8_t { none, pass, fail, temperror, permerror };
std::string_view name(DmarcResult result);

struct DmarcVerdict {
  DmarcResult result = DmarcResult::none;
  std::string domain;                       // the author's
  std::string record_domain;                // where the record was found
  DmarcPolicy policy = DmarcPolicy::none;   // that the domain's owner wants for this domain
  DmarcPolicy applied = DmarcPolicy::none;  // after pct: to be done about it
  // For reports to the owner. Nothing where there is no record.
  std::optional<DmarcRecord> record;
  bool has_spf = false, has_dkim = false;  // what passed and is of the author
  bool is_sampled_out = false;             // pct made `applied` weaker
  std::string vouched_by;                  // a sealer of ARC for whose word nothing is done about a failure
};

struct DmarcRequest {
  std::string author;  // one domain
  SpfVerdict spf;      // of MAIL FROM, or of HELO where that is empty
  std::vector<DkimVerdict> dkim;
  std::uint32_t dice = 0;  // 0 to 99: compared with pct
};

// Blocks as the resolver does.
DmarcVerdict check_dmarc(const DmarcRequest& request, const PublicSuffixes& suffixes, Resolver& resolver);

}  // namespace kontor::transport
