// SPDX-License-Identifier: AGPL-3.0-or-later
// One row of an aggregate report of DMARC: what is the same for all messages that it counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transport/auth/dmarc.h"
#include "transport/auth/results.h"

namespace kontor::transport {

// Why less was done than the owner asks for (RFC 7489 appendix C, PolicyOverrideType).
enum class DmarcReason : std::uint8_t { none, sampled_out, local_policy };

struct DmarcRow {
  bool operator==(const DmarcRow&) const = default;

  struct Signature {
    bool operator==(const Signature&) const = default;
    std::string domain, selector;
    DkimResult result = DkimResult::fail;
  };

  std::string source;  // the address that the message came from
  DmarcPolicy disposition = DmarcPolicy::none;
  bool has_dkim = false, has_spf = false;  // passed, and of the author
  DmarcReason reason = DmarcReason::none;
  std::string comment;                     // on the reason
  std::string envelope_from, header_from;  // domains
  std::string spf_domain;
  bool is_helo = false;  // it was HELO's
  SpfResult spf = SpfResult::none;
  std::vector<Signature> signatures;
  DmarcRecord published;
};

// Of one author of a message that was checked. `is_enforced`: that what its domain asks for is done. Nothing if there
// is nobody to report to.
std::optional<DmarcRow> dmarc_row(const AuthResults& results, const DmarcVerdict& verdict, bool is_enforced);

// Equal rows are equal bytes.
std::string encode(const DmarcRow& row);
Result<DmarcRow> decode_dmarc_row(std::string_view bytes);  // Errors: corrupt

}  // namespace kontor::transport
