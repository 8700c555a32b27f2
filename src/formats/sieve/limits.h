// SPDX-License-Identifier: AGPL-3.0-or-later
// What one script, and one run of it, may cost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kontor::sieve {

struct CompileLimits {
  std::size_t script_bytes = 1 << 20;
  std::size_t depth = 32;         // of blocks and tests in one another
  std::size_t nodes = 20'000;     // commands and tests
  std::size_t strings = 100'000;  // of all lists together
  std::size_t variables = 256;
  std::size_t faults = 20;  // of these the author is told at once
};

struct RunLimits {
  // Everything a run does counts: a command or test one, and bytes that are read, compared or copied one for each 16.
  std::uint64_t work = 20'000'000;
  std::size_t actions = 64;    // kept apart, so that one script cannot fill an account with one message
  std::size_t redirects = 16;  // also notifications
  std::size_t includes = 100;
  std::size_t include_depth = 10;
  std::size_t variable_bytes = 16 << 10;  // RFC 5229 section 6 asks for 4000 characters; longer values are cut
  std::size_t text_bytes = 1 << 20;       // of a string after its variables were put in
  std::size_t part_bytes = 8 << 20;       // of one body part; of more only the beginning is looked at
  std::size_t header_bytes = 1 << 20;     // of a message's header, after edits too
};

}  // namespace kontor::sieve
