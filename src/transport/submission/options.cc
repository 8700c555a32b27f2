// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/options.h"

namespace kontor::transport {

using namespace std::chrono_literals;

void declare(config::Schema& schema, SubmissionOptions& into) {
  schema.size("submission.largest_message", into.largest_message, {1 << 16, 1ULL << 40},
              {"The largest message that a user may send, announced as SIZE."});
  schema.number("submission.recipients", into.recipients, {1, 100'000},
                {"How many recipients a user's message may have."});
  schema.number("submission.messages_per_hour", into.messages_per_hour, {0, 10'000'000},
                {"How many messages a user may send in an hour; further ones are refused for the time being. Stolen "
                 "passwords do less harm by it. 0: as many as come."});
  schema.number("submission.recipients_per_hour", into.recipients_per_hour, {0, 100'000'000},
                {"The same for recipients, over all of the user's messages."});
  schema.number("submission.tenant_messages_per_hour", into.tenant_messages_per_hour, {0, 100'000'000},
                {"The same for messages of all of a tenant's users."});
  schema.duration("submission.latest_release", into.latest_release, {0s, 8760h},
                  {"How far ahead a message may be sent that is to leave later (FUTURERELEASE, RFC 4865). 0s: not at "
                   "all."});
  schema.flag("submission.copies_to_sent", into.copies_to_sent,
              {"Whether a copy of what a user sends is filed into the user's folder for sent mail. Most programs do "
               "that themselves: then there would be two."});
}

}  // namespace kontor::transport
