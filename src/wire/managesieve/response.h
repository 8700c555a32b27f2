// SPDX-License-Identifier: AGPL-3.0-or-later
// Responses of ManageSieve (RFC 5804 sections 1.2, 1.3 and 4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::wire::managesieve {

struct Response {
  enum class Kind : std::uint8_t { ok, no, bye };

  Kind kind = Kind::ok;
  std::string code;      // "QUOTA/MAXSIZE"; empty: none
  std::string argument;  // of TAG, SASL and REFERRAL
  std::string text;      // UTF-8, may have several lines
};
std::string print(const Response& response);  // with its CRLF

// A string in quotes, or as a literal where it does not go into quotes; `is_client`: with the "+" of a client's.
std::string print_string(std::string_view text, bool is_client = false);

// RFC 5804 section 1.6: UTF-8 without control characters and line separators, at most 512 bytes.
bool is_script_name(std::string_view name);

}  // namespace kontor::wire::managesieve
