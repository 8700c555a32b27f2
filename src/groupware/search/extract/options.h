// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about the reading of attached documents.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/config.h"

namespace kontor::groupware {

struct ExtractOptions {
  bool is_on = true;
  std::uint32_t processes = 2;
  std::chrono::seconds time{20};  // of a processor, for one document
  std::uint64_t memory = 512ULL << 20;
  std::uint64_t largest = 48ULL << 20;  // bytes of a document
};

void declare(config::Schema& schema, ExtractOptions& into);

}  // namespace kontor::groupware
