// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/dns/options.h"

#include "transport/dns/server_address.h"

namespace kontor::transport {

using namespace std::chrono_literals;

void declare(config::Schema& schema, DnsOptions& into) {
  schema.list(
      "dns.servers", into.servers, "server",
      {"DNS servers to ask, like `\"192.0.2.53\"`, `\"127.0.0.1:5353\"` or `\"[2001:db8::53]:53\"`; `\"system\"` "
       "stands for those of /etc/resolv.conf. None: Kontor asks the domains' own servers itself, from the root "
       "down, and checks all signatures; that needs port 53 outwards and is what block lists want. Servers that "
       "are named here must pass DNSSEC's records on, or `dns.trust_anchor_file` must be empty."},
      [](std::string_view text) -> Result<void> {
        if (text == "system") return {};
        TRY_VOID(dns_server_address(text));
        return {};
      });
  schema.text("dns.trust_anchor_file", into.trust_anchor_file,
              {"The keys from which DNSSEC is checked, as DS or DNSKEY records; the usual file is that of Debian's "
               "`dns-root-data`. Where it is absent or empty nothing is checked: DANE then protects nobody."});
  schema.duration("dns.timeout", into.timeout, {100ms, 2min},
                  {"How long one question may take. Without an answer mail is not refused but asked to come again."});
}

}  // namespace kontor::transport
