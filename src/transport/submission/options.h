// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about mail that users send.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/config.h"

namespace kontor::transport {

struct SubmissionOptions {
  std::uint64_t largest_message = 50ULL << 20;
  std::uint32_t recipients = 500;              // of one message
  std::uint32_t messages_per_hour = 500;       // of one user; 0 = as many as come
  std::uint32_t recipients_per_hour = 5'000;   // of one user; 0 = the same
  std::uint32_t tenant_messages_per_hour = 0;  // of one tenant; 0 = the same
  std::chrono::seconds latest_release{std::chrono::days(30)};
  bool copies_to_sent = false;
};

void declare(config::Schema& schema, SubmissionOptions& into);

}  // namespace kontor::transport
