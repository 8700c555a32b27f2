// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/options.h"

namespace kontor::transport {

using namespace std::chrono_literals;
using groupware::QuotaPolicy;

void declare(config::Schema& schema, LmtpOptions& into) {
  schema.size("lmtp.largest_message", into.largest_message, {1 << 16, 1ULL << 40},
              {"The largest message that is taken, announced as SIZE. `store.largest_item` bounds it as well."});
  schema.number("lmtp.recipients", into.recipients, {1, 100'000},
                {"How many recipients one transaction may have; further ones get a temporary answer, and the sender "
                 "brings them in another transaction."});
  schema.choice(
      "lmtp.over_quota", into.over_quota, {{"defer", QuotaPolicy::defer}, {"reject", QuotaPolicy::reject}},
      {"The answer for a full mailbox: `defer` lets the sending server try again for days (452 4.2.2), `reject` "
       "bounces at once (552 5.2.2)."});
  schema.duration("lmtp.idle_timeout", into.idle_timeout, {1s, 24h},
                  {"How long a connection may be silent between commands before it is closed."});
  schema.duration("lmtp.data_timeout", into.data_timeout, {1s, 24h},
                  {"How long a connection may be silent within a message before it is closed."});
  schema.number("lmtp.line_length", into.line_length, {512, 65'536}, {"The longest command line in bytes."});
  schema.number("lmtp.bad_commands", into.bad_commands, {1, 10'000},
                {"After so many commands that make no sense the connection is closed: the other side speaks something "
                 "else."});
}

}  // namespace kontor::transport
