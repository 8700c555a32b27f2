// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport store
// Policies and records of MTA-STS: what is taken is whole and bounded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "transport/sending/mta_sts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor::transport;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto policy = parse_sts_policy(input)) {
    if (policy->mode != StsPolicy::Mode::none && policy->hosts.empty()) std::abort();
    if (policy->max_age.count() < 0 || policy->hosts.size() > 1000) std::abort();
    for (const std::string& host : policy->hosts)
      if (!host.starts_with("*.") && !host.ends_with('.') && !policy->allows(host)) std::abort();
  }
  if (auto id = parse_sts_records({std::string(input)}); id && (id->empty() || id->size() > 32)) std::abort();
  return 0;
}
