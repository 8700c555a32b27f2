// SPDX-License-Identifier: AGPL-3.0-or-later
// Addresses of DNS servers, as the configuration has them. For dns/.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::transport {

// "192.0.2.1", "2001:db8::1", "192.0.2.1:5353" or "[2001:db8::1]:5353" as "ADDRESS@PORT". Errors: invalid.
Result<std::string> dns_server_address(std::string_view text);

}  // namespace kontor::transport
