// SPDX-License-Identifier: AGPL-3.0-or-later
// The Authorization header (RFC 9110 section 11.6.2) in the forms that are served: Basic (RFC 7617, in UTF-8) and
// Bearer (RFC 6750).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kontor::wire::http {

struct Authorization {
  enum class Scheme : unsigned char { basic, bearer };

  Scheme scheme;
  std::string user;    // of Basic
  std::string secret;  // its password, or the bearer's token
};

// Nothing if it is neither of them, or malformed.
std::optional<Authorization> parse_authorization(std::string_view text);

}  // namespace kontor::wire::http
