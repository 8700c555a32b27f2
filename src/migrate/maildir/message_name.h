// SPDX-License-Identifier: AGPL-3.0-or-later
// What the name of a Maildir file says: "1700000000.M1P2.host,S=123,W=130:2,FSa".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kontor::migrate {

struct MessageName {
  std::string_view base;                   // without the flags: what stays the same while the message does
  std::string_view letters;                // of the flags
  std::optional<std::uint64_t> size;       // S=, as on the disk; may be wrong
  std::optional<std::uint64_t> crlf_size;  // W=; may be wrong
  std::optional<Instant> delivered;        // the number of seconds that the name begins with
};

// Views into `name`. ":2,", ";2," and "!2," (file systems without ":") begin the flags.
MessageName parse_message_name(std::string_view name);

}  // namespace kontor::migrate
