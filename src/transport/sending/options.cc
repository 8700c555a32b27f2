// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/options.h"

#include "transport/sending/smart_host.h"

namespace kontor::transport {

using namespace std::chrono_literals;

void declare(config::Schema& schema, SendingOptions& into) {
  schema.duration("queue.lifetime", into.lifetime, {1min, 720h},
                  {"How long a message is tried. Then its sender gets a report that it could not be delivered."});
  schema.duration("queue.warn_after", into.warn_after, {1min, 720h},
                  {"How long a message waits before its sender is told, once, that it is delayed."});
  schema.duration("queue.retry_first", into.retry_first, {1s, 24h},
                  {"How long after the first attempt the second one comes; each further wait is twice as long."});
  schema.duration("queue.retry_longest", into.retry_longest, {1s, 24h}, {"The longest wait between two attempts."});
  schema.list(
      "sending.smart_hosts", into.smart_hosts, "smart host",
      {"Hosts that take mail for others, instead of the recipient's own: one text each, `WHOSE HOST:PORT [user=NAME "
       "password_file=FILE] [tls=none|may|must|verify]`. WHOSE is `*` for all mail, `@example.org` for mail that is "
       "sent from that domain, `tenant:NAME` for a tenant's mail, or `to:example.net` for mail to that domain; the "
       "first that fits is used. Port 465 means TLS from the first byte. With a user, `tls` is `verify` unless it is "
       "given: the certificate must be good for HOST; else `may`."},
      check_smart_host);
  schema.choice("sending.tls", into.tls,
                {{"never", SendingTls::never}, {"may", SendingTls::may}, {"must", SendingTls::must}},
                {"TLS with the hosts of others where neither DANE nor MTA-STS rules it: not at all, where it is "
                 "offered, or always (mail to hosts without it then comes back)."});
  schema.text("sending.authorities", into.authorities,
              {"A PEM file of authorities that vouch for the certificates of smart hosts, of hosts under MTA-STS, and "
               "of the hosts of its policies. Empty: those of the system."});
  schema.flag("sending.dane", into.uses_dane,
              {"Whether hosts whose certificates are told by DNS (DANE, RFC 7672) are held to it. Needs DNSSEC."});
  schema.flag("sending.mta_sts", into.uses_mta_sts,
              {"Whether domains that ask for it (MTA-STS, RFC 8461) get mail over verified TLS only."});
  schema.number("sending.mta_sts_port", into.mta_sts_port, {1, 65'535},
                {"The port of the hosts of such policies. Others than 443 are for tests."});
  schema.flag("sending.ipv6", into.uses_ipv6, {"Whether hosts are reached by IPv6, where they have it."});
  schema.number("sending.port", into.port, {1, 65'535}, {"The port of other hosts. Others than 25 are for tests."});
  schema.choice(
      "sending.address_literals", into.address_literals,
      {{"refuse", AddressLiterals::refuse}, {"outside", AddressLiterals::outside}, {"all", AddressLiterals::all}},
      {"Mail to addresses instead of names (`ada@[192.0.2.1]`): `refuse` it, send it `outside` only (not to this "
       "machine, nor to private networks, which users could probe by it), or to `all`."});
  schema.number("sending.connections", into.connections, {1, 2000}, {"How many messages are sent at the same time."});
  schema.number("sending.connections_per_destination", into.connections_per_destination, {1, 1000},
                {"How many of them to one domain, or to one smart host."});
  schema.number("sending.messages_per_connection", into.messages_per_connection, {1, 100'000},
                {"How many messages one connection carries before a new one is made."});
  schema.duration("sending.connect_timeout", into.connect_timeout, {1s, 10min},
                  {"How long a host may take to take a connection."});
  schema.duration("sending.command_timeout", into.command_timeout, {1s, 1h},
                  {"How long a host may take for an answer."});
  schema.duration("sending.taking_timeout", into.taking_timeout, {1s, 1h},
                  {"How long a host may take to answer for a message that it got whole. If it answers too late, the "
                   "message comes to it twice."});
  schema.flag("sending.srs", into.uses_srs,
              {"Whether mail that a user's rule sends on to other servers leaves under a sender in a domain of ours "
               "(SRS), where its own sender is a stranger: else SPF fails there. Reports that come to such an address "
               "go back to the original sender."});
  schema.text("sending.srs_domain", into.srs_domain,
              {"The domain of such senders; mail for it must come to this server. Empty: that of the user."});
}

}  // namespace kontor::transport
