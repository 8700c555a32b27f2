// SPDX-License-Identifier: AGPL-3.0-or-later
// The If header: on what states of resources a request depends. RFC 4918 section 10.4.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/dav/refusal.h"

namespace kontor::wire::dav {

struct IfCondition {
  bool is_negated = false;
  bool is_etag = false;  // else a state token: of a lock or of a collection's state
  std::string text;      // an ETag with its quotes, a token without its brackets

  bool operator==(const IfCondition&) const = default;
};

// Holds if all its conditions do.
struct IfList {
  std::string resource;  // as it was tagged: a URI or a path; empty: what the request is for
  std::vector<IfCondition> conditions;

  bool operator==(const IfList&) const = default;
};

constexpr std::size_t kMostIfConditions = 1000;

// Empty if there is none. All lists are tagged, or none is.
Parsed<std::vector<IfList>> parse_if(std::string_view value);

// Whether one of the lists holds; also without any. `is_met` is asked without regard to `is_negated`.
bool holds(const std::vector<IfList>& lists,
           const std::function<bool(const std::string& resource, const IfCondition& condition)>& is_met);

// Every token that stands in it, negated or not: by naming a lock's token its owner shows that he knows of it
// (section 10.4.1).
std::vector<std::string> submitted_tokens(const std::vector<IfList>& lists);

}  // namespace kontor::wire::dav
