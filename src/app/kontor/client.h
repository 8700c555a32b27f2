// SPDX-License-Identifier: AGPL-3.0-or-later
// Reaches the data: through the running server, or on the store itself when none runs.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kontor/house.h"
#include "kontor/settings.h"
#include "net/client_socket.h"

namespace kontor::app {

struct Answer {
  Result<std::string> result;  // JSON
  bool is_opening = false;     // an error came up before the verb was run
};

// `may_open`: without a server the store is opened here; `may_make`: also if there is none yet.
struct CallOptions {
  bool may_open = true;
  bool may_make = false;
};
using AskServer = std::function<Result<std::string>(net::ClientSocket&)>;  // the server's local socket
using UseHouse = std::function<Result<std::string>(House&)>;
Answer reach(const Settings& settings, const CallOptions& options, const AskServer& ask, const UseHouse& use);

// Calls an administration verb.
Answer call(const Settings& settings, std::string_view verb, const std::string& arguments, const CallOptions& options);

}  // namespace kontor::app
