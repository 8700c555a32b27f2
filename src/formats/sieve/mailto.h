// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: the URIs of notifications by mail (RFC 6068, RFC 5436).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::sieve {

struct Mailto {
  std::vector<std::string> recipients;  // at least one, each an address
  std::optional<std::string> subject;
  std::optional<std::string> body;
};

// Nothing if it is no sound "mailto:" URI with recipients.
std::optional<Mailto> parse_mailto(std::string_view uri);

}  // namespace kontor::sieve
