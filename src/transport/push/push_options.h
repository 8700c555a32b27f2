// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about telling devices.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace kontor::transport {

struct PushOptions {
  std::string contact;                // empty: the postmaster of the server's name
  std::string authorities;            // a PEM file; empty: the system's
  std::vector<std::string> networks;  // that may be reached though they are not public
  std::uint32_t connections = 8;
  std::chrono::seconds timeout{20};
  std::chrono::seconds retry_first{30};
};

void declare(config::Schema& schema, PushOptions& into);

}  // namespace kontor::transport
