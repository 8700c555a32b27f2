// SPDX-License-Identifier: AGPL-3.0-or-later
// One attempt to log in, whatever the protocol: limits, back-off, a place to hash in, and what is logged.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "login/verdict.h"
#include "net/task.h"

namespace kontor::login {

class Attempt {
 public:
  // Blocks: called on a worker. Errors: as Directory::authenticate.
  using Check = std::function<Result<directory::Principal>()>;

  // `failures` counts those of the connection and belongs to its session. All must outlive the attempt.
  Attempt(const Services& services, directory::Protocol protocol, net::Stream& stream, std::uint32_t& failures)
      : services_(services), protocol_(protocol), stream_(stream), failures_(failures) {}

  // `user`: whom the client says to be, as limits count. A refusal is logged here, a success by the caller.
  Task<Verdict> decide(std::string user, std::string method, Check check);

  void log(std::string_view event, std::string_view user, std::string_view method);

 private:
  Task<Result<directory::Principal>> guarded(const std::string& user, const Check& check);
  Task<net::Limits::Place> hash_place();

  const Services& services_;
  directory::Protocol protocol_;
  net::Stream& stream_;
  std::uint32_t& failures_;
};

}  // namespace kontor::login
