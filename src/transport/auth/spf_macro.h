// SPDX-License-Identifier: AGPL-3.0-or-later
// Macros in SPF records. RFC 7208 section 7. For spf.cc and spf_record.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::transport {

// A piece of a macro-string: text as it stands, then, if `letter` is set, the value of a macro.
struct MacroPart {
  std::string text;
  char letter = '\0';  // lower case
  bool is_escaped = false;
  bool is_reversed = false;
  std::uint32_t kept = 0;  // labels from the right; 0: all
  std::string delimiters = ".";
};
using MacroString = std::vector<MacroPart>;

enum class MacroPlace : std::uint8_t { record, explanation };  // an explanation has blanks and three letters more

// Errors: invalid.
Result<MacroString> parse_macros(std::string_view text, MacroPlace place);

// `value` gives the plain value of a letter.
std::string expand_macros(const MacroString& macros, const std::function<std::string(char)>& value);

// A domain-spec (section 7.1): as above, and its end is a macro, or a dot and a top label. Errors: invalid.
Result<MacroString> parse_domain_spec(std::string_view text);

}  // namespace kontor::transport
