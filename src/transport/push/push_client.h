// SPDX-License-Identifier: AGPL-3.0-or-later
// One request to a push service (RFC 8030), by libcurl.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace kontor::transport {

struct PushRequest {
  std::string url;
  std::string body;
  std::vector<std::string> headers;  // "Name: value"
};

struct PushAnswer {
  long status = 0;
  std::optional<std::chrono::seconds> retry_after;
};

// One thread at a time. Blocks. Connections are kept.
class PushClient {
 public:
  struct Options {
    std::string authorities;             // a PEM file; empty: the system's
    std::vector<net::Network> networks;  // that may be reached though they are not public
    std::chrono::milliseconds timeout{20'000};
    std::function<bool()> gives_up = {};  // asked now and then: a request under way is broken off
  };
  explicit PushClient(Options options);
  ~PushClient();

  // POST by HTTPS to addresses that anybody may have; redirections are not followed. Errors: unavailable (not reached,
  // not in time, another certificate), denied (its addresses may not be reached).
  Result<PushAnswer> post(const PushRequest& request);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace kontor::transport
