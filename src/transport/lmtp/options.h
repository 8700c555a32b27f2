// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about LMTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/config.h"
#include "groupware/delivery.h"

namespace kontor::transport {

struct LmtpOptions {
  std::string hostname = "localhost";  // in the greeting and in Received; declared for the whole server elsewhere
  std::uint32_t recipients = 1000;     // of one transaction
  std::uint64_t largest_message = 100ULL << 20;
  std::uint32_t line_length = 4096;  // of a command, in bytes
  std::chrono::seconds idle_timeout{300};
  std::chrono::seconds data_timeout{180};
  std::uint32_t bad_commands = 20;  // then the connection is closed
  groupware::QuotaPolicy over_quota = groupware::QuotaPolicy::defer;
};

void declare(config::Schema& schema, LmtpOptions& into);

}  // namespace kontor::transport
