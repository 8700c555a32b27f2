// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: lists of IMAP flags as RFC 5232 section 2 has them, one text with blanks between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontor::sieve {

// A set that keeps the order in which its flags came; flags are equal whatever their case. What cannot be a flag, and
// \Recent, is left out.
class FlagList {
 public:
  FlagList() = default;
  explicit FlagList(std::string_view text) { add(text); }
  void add(std::string_view text);
  void remove(std::string_view text);
  const std::vector<std::string>& flags() const { return flags_; }
  std::string text() const;

 private:
  std::vector<std::string> flags_;
};

}  // namespace kontor::sieve
