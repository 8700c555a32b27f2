// SPDX-License-Identifier: AGPL-3.0-or-later
// The running server's answer on its local socket, for requests that asked for `Connection: close`.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "net/client_socket.h"

namespace kontor::app {

// Gives the body as it comes. Errors: what the server's answer says (its JSON error), what `take` returned, unavailable
// (it broke off).
Result<void> read_response(net::ClientSocket& socket, const std::function<Result<void>(std::string_view)>& take);

}  // namespace kontor::app
