// SPDX-License-Identifier: AGPL-3.0-or-later
// Authentication-Results (RFC 8601 section 2.2) that others wrote, read: those of relays that are trusted, and what
// sealers of ARC say that they saw.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kontor::transport {

struct ReadResult {
  std::string method, result;                                   // "dkim", "pass": lower case
  std::vector<std::pair<std::string, std::string>> properties;  // "header.d" (lower case), its value
  // Of the first of that name; empty if there is none.
  std::string_view property(std::string_view name) const;
};

struct ReadResults {
  std::string server;  // authserv-id
  std::vector<ReadResult> methods;
};

// A field's value. Comments are passed over, and so is what of a result cannot be read: some servers write more than
// the standard has. At most 100 results with 20 properties each. Nothing if no server is named.
std::optional<ReadResults> read_results(std::string_view value);

// The domain of "ada@example.org", or of "example.org", lower case.
std::string domain_of_property(std::string_view value);

}  // namespace kontor::transport
