// SPDX-License-Identifier: AGPL-3.0-or-later
// The sets of fields that make an ARC chain. For arc*.cc.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "transport/auth/dkim_canonical.h"

namespace kontor::transport {

constexpr std::size_t kMostArcSets = 50;  // RFC 8617 section 4.2.1

// What one who passed the message on added to it (section 4.2): whole fields.
struct ArcSet {
  std::string_view results, message, seal;
};

bool is_arc_field(const DkimHead::Field& field);

// By their instances, each whole, without gaps; views into `head`. Else a sentence for the log.
std::expected<std::vector<ArcSet>, std::string> collect_arc_sets(const DkimHead& head);

// cv= of a set's seal: "none", "pass", "fail"; empty if it has none.
std::string arc_status(const ArcSet& set);

// What is signed of whole sets: their fields in relaxed form, in the order of section 5.1.1.
void append_arc_set(const ArcSet& set, std::string& into);

// The value of a field with its colon and what is before it taken off.
std::string_view arc_value(std::string_view raw);

}  // namespace kontor::transport
