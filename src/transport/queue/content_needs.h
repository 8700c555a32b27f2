// SPDX-License-Identifier: AGPL-3.0-or-later
// What a next hop must be able to for the sake of a message's bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "transport/queue/message.h"

namespace kontor::transport {

class ContentNeeds {
 public:
  void feed(std::string_view bytes);  // in pieces of any size

  bool has_high_bytes() const { return has_high_; }
  // NUL, or CR or LF that stand alone: no host takes that as lines (RFC 5321 section 2.3.8).
  bool is_broken() const { return has_nul_ || has_bare_ || has_cr_; }
  bool has_long_lines() const { return longest_ > 998; }

  // Sets eight_bit and binary. Lines that are too long alone make a message binary only where its sender said that it
  // is: most hosts take them, and signatures live.
  void add_to(Needs& needs, bool was_declared_binary) const;

 private:
  bool has_high_ = false, has_nul_ = false, has_bare_ = false, has_cr_ = false;
  std::size_t line_ = 0, longest_ = 0;
};

}  // namespace kontor::transport
