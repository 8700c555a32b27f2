// SPDX-License-Identifier: AGPL-3.0-or-later
// What DNS says of a domain, compared with what it must say.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/auth/resolver.h"
#include "transport/sending/mta_sts.h"
#include "transport/setup/domain_records.h"

namespace kontor::transport {

// unknown: DNS did not tell. later: right for the time before a cut-over, to be changed then.
enum class RecordState : std::uint8_t { ok, missing, differs, not_needed, later, unknown };
std::string_view name(RecordState state);

struct CheckedRecord {
  WantedRecord wanted;
  RecordState state = RecordState::ok;
  std::vector<std::string> found;  // as DNS has it
  std::string note;                // a sentence; may be empty
  bool is_fault = false;           // mail suffers
};

struct DomainCheckOptions {
  bool is_before = false;  // the domain's mail still goes elsewhere, and comes here soon
  std::function<std::optional<StsPolicy>(const std::string& domain)> sts_policy{};  // null: nobody looks at it
};

// Blocks as the resolver does.
std::vector<CheckedRecord> check_domain(const DomainFacts& facts, Resolver& resolver,
                                        const DomainCheckOptions& options);

}  // namespace kontor::transport
