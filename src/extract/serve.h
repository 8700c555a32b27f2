// SPDX-License-Identifier: AGPL-3.0-or-later
// The life of kontor-extract: documents in, text out, one after the other (formats/document/frame.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "extract/document.h"

namespace kontor::extract {

struct ServeLimits {
  std::size_t largest = 64 << 20;           // bytes of a document
  std::chrono::seconds processor_time{20};  // for one document; then the process dies by SIGPROF
  std::chrono::seconds time{60};            // the same by the clock; SIGALRM
  Limits document;
};

// Says that it is ready, then answers until `in` ends. For a process that is in its sandbox. False if the peer sent
// what is no document, or left in the middle.
bool serve(int in, int out, const ServeLimits& limits);

// Instead of serving: tells the peer why it cannot be.
void refuse(int out, std::string_view why);

}  // namespace kontor::extract
