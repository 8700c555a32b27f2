// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about reports to owners of domains.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/config.h"

namespace kontor::transport {

struct ReportOptions {
  std::string hostname = "localhost";  // declared for the whole server elsewhere
  std::string address;                 // empty: nothing is counted, nothing is sent
  std::string organization;            // empty: the address's domain
  std::string contact;
  bool dmarc = true;
  bool tls = true;
  std::chrono::seconds every{std::chrono::hours(24)};
  std::uint64_t largest = 10ULL << 20;

  bool is_on() const { return !address.empty(); }
};

void declare(config::Schema& schema, ReportOptions& into);

}  // namespace kontor::transport
