// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about asking DNS.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/config.h"

namespace kontor::transport {

struct DnsOptions {
  std::vector<std::string> servers;  // "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53", or the one word "system"
  std::string trust_anchor_file = "/usr/share/dns/root.key";
  std::chrono::milliseconds timeout{10'000};  // of one question
};

void declare(config::Schema& schema, DnsOptions& into);

}  // namespace kontor::transport
