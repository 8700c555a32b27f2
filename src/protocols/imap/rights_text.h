// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace kontor::imap {

// Rights as MYRIGHTS tells them: with the virtual rights of RFC 4314 section 2.1.1, for clients of RFC 2086.
std::string print_rights(std::uint32_t rights);

}  // namespace kontor::imap
