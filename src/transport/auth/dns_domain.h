// SPDX-License-Identifier: AGPL-3.0-or-later
// Domains of messages in UTF-8 (RFC 6532) as DNS has them. RFC 8616.
#pragma once

#include <string>
#include <string_view>

namespace kontor::transport {

// Lower-case A-labels of a name that has other characters than ASCII; what has none, or is no such name, stays as it
// is.
std::string dns_domain(std::string_view name);

}  // namespace kontor::transport
