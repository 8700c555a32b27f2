// SPDX-License-Identifier: AGPL-3.0-or-later
// Addresses and domain names in the one form in which the directory compares them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::directory {

// An address in canonical form: the local part lower-cased (Unicode, NFC) and unquoted where it may be (RFC 5321
// section 4.1.2, RFC 6531), the domain in lower-case A-labels (RFC 5890).
struct Address {
  std::string local;
  std::string domain;
  std::string detail;  // what follows the first "+" of the local part, in the case it was written

  std::string text() const { return local + '@' + domain; }
  // The address without its detail; nothing if it has none, or nothing before it.
  std::optional<std::string> without_detail() const;
};

// Errors: invalid (with what is wrong). An empty local part, address literals and more than 64 bytes before or 254
// bytes altogether are refused.
Result<Address> parse_address(std::string_view text);

// Lower-case A-labels of a domain name in any script. Errors: invalid (with what is wrong).
Result<std::string> parse_domain(std::string_view text);

// A tenant's name: up to 63 of a-z, 0-9, ".", "_" and "-", lower-cased, not beginning with a sign.
Result<std::string> parse_tenant_name(std::string_view text);

// A text for people: valid UTF-8, no control characters, at most `max` bytes. `what` begins the sentence of the error.
Result<void> check_label(std::string_view what, std::string_view text, std::size_t max);

// For error sentences: what is not printable ASCII or valid UTF-8 replaced, and not longer than a sentence bears.
std::string shown(std::string_view text);

}  // namespace kontor::directory
