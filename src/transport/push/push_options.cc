// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/push/push_options.h"

#include "net/address.h"

namespace kontor::transport {

using namespace std::chrono_literals;

void declare(config::Schema& schema, PushOptions& into) {
  schema.text(
      "push.contact", into.contact,
      {"Whom push services can write to about this server (VAPID, RFC 8292), \"mailto:admin@example.org\" or an "
       "https address. Empty: the postmaster of `server.hostname`."},
      [](std::string_view text) -> Result<void> {
        if (text.empty() || text.starts_with("mailto:") || text.starts_with("https://")) return {};
        return fail(Errc::invalid, "must begin with mailto: or https://");
      });
  schema.text("push.authorities", into.authorities,
              {"A PEM file of authorities that vouch for the certificates of push services. Empty: those of the "
               "system."});
  schema.list(
      "push.networks", into.networks, "network",
      {"Networks in which push services may be though they are not public, like \"10.1.2.0/24\". Devices name the "
       "services: without this limit users could have the server call its neighbours."},
      [](std::string_view text) -> Result<void> {
        TRY_VOID(net::parse_network(text));
        return {};
      });
  schema.number("push.connections", into.connections, {1, 100}, {"How many devices are told at the same time."});
  schema.duration("push.timeout", into.timeout, {1s, 5min}, {"How long a push service may take."});
  schema.duration("push.retry_first", into.retry_first, {1s, 1h},
                  {"How long after the first attempt the second one comes, if the service could not take it; each "
                   "further wait is twice as long."});
}

}  // namespace kontor::transport
