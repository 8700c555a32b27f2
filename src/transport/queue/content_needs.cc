// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/content_needs.h"

#include <algorithm>

namespace kontor::transport {

void ContentNeeds::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const bool is_end = c == '\n';
    has_bare_ = has_bare_ || has_cr_ != is_end;
    has_cr_ = c == '\r';
    has_nul_ = has_nul_ || c == '\0';
    has_high_ = has_high_ || static_cast<unsigned char>(c) >= 0x80;
    line_ = is_end || has_cr_ ? 0 : line_ + 1;
    longest_ = std::max(longest_, line_);
  }
}

void ContentNeeds::add_to(Needs& needs, bool was_declared_binary) const {
  needs.eight_bit = needs.eight_bit || has_high_;
  needs.binary = needs.binary || is_broken() || (was_declared_binary && has_long_lines());
}

}  // namespace kontor::transport
