// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/options.h"

#include "net/address.h"
#include "transport/smtp/block_list.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;
using groupware::QuotaPolicy;

void declare_smtp_limits(config::Schema& schema, SmtpOptions& into) {
  schema.size("smtp.largest_message", into.largest_message, {1 << 16, 1ULL << 40},
              {"The largest message that is taken, announced as SIZE. `store.largest_item` bounds it as well."});
  schema.size("smtp.largest_header", into.largest_header, {1 << 10, 16 << 20},
              {"The largest header of a message; with a larger one it is refused (552 5.3.4)."});
  schema.number("smtp.hops", into.hops, {1, 1000},
                {"With more Received fields than this a message goes in circles and is refused (554 5.4.6)."});
  schema.number("smtp.recipients", into.recipients, {100, 100'000},
                {"How many recipients one transaction may have; further ones get a temporary answer, and the sender "
                 "brings them in another transaction."});
  schema.number(
      "smtp.bad_recipients", into.bad_recipients, {1, 100'000},
      {"After so many recipients that do not exist the connection is closed: somebody is guessing addresses."});
  schema.number("smtp.bad_commands", into.bad_commands, {1, 10'000},
                {"After so many commands that make no sense the connection is closed."});
  schema.number("smtp.connections_per_address", into.connections_per_address, {1, 1'000'000},
                {"Connections to SMTP at once from one address (IPv6: one /64). The machine itself and "
                 "`smtp.trusted_relays` are not counted; `limits.connections` bounds all."});
  schema.number("smtp.connections_per_minute", into.connections_per_minute, {1, 1'000'000},
                {"New connections to SMTP per minute from one address, counted in the same way."});
  schema.number("smtp.line_length", into.line_length, {512, 65'536}, {"The longest command line in bytes."});
  schema.duration("smtp.idle_timeout", into.idle_timeout, {1s, 24h},
                  {"How long a connection may take for its next command. The standard asks for 5 minutes."});
  schema.duration("smtp.data_timeout", into.data_timeout, {1s, 24h},
                  {"How long a connection may be silent within a message. The standard asks for 3 minutes."});
  schema.duration("smtp.message_time", into.message_time, {1s, 24h},
                  {"How long one message may take, however its bytes trickle in."});
}

void declare_strangers(config::Schema& schema, SmtpOptions& into) {
  schema.list(
      "smtp.block_lists", into.block_lists, "block list",
      {"Lists in DNS of addresses that send what nobody wants, each as `ZONE reject` (550 5.7.1) or `ZONE mark` (a "
       "field X-Blocked-By, for rules), with the codes that count behind it where they are not all: "
       "\"zen.example.org reject 127.0.0.2-127.0.0.11,127.0.0.20\". A list that does not answer lists nobody. "
       "`smtp.trusted_relays`, `smtp.trusted_networks` and mail to the postmaster are spared."},
      [](std::string_view text) -> Result<void> {
        TRY_VOID(parse_block_list(text));
        return {};
      });
  schema.duration("smtp.block_list_time", into.block_list_time, {1s, 1min}, {"How long all lists together may take."});
  schema.flag("smtp.greylisting", into.greylisting,
              {"Whether who sends for the first time is asked to come again (450 4.7.1): programs that only send spam "
               "often do not. Wanted mail of strangers comes later by it."});
  schema.duration("smtp.greylist_delay", into.greylist.delay, {1s, 24h}, {"How long it stays the first time."});
  schema.duration("smtp.greylist_window", into.greylist.window, {1min, 720h},
                  {"Who does not come again within this time comes for the first time again."});
  schema.duration("smtp.greylist_memory", into.greylist.memory, {1h, 8760h},
                  {"How long it is remembered that somebody came again, after the last message."});
  schema.number("smtp.greylist_known_after", into.greylist.known_after, {1, 1000},
                {"After so many messages that came again nothing waits any more that comes from the same network, or "
                 "from hosts that SPF says are of the same domain."});
}

}  // namespace

void declare(config::Schema& schema, SmtpOptions& into) {
  declare_smtp_limits(schema, into);
  declare_strangers(schema, into);
  schema.choice("smtp.bare_line_ends", into.bare_line_ends,
                {{"refuse", BareLineEnds::refuse}, {"repair", BareLineEnds::repair}},
                {"What becomes of messages in which CR or LF stand alone. Some servers take one for the end of a line, "
                 "which lets forged messages ride in the middle of others (\"SMTP smuggling\"). `refuse`: 550 5.5.2, "
                 "and commands that end so close the connection; `repair`: they become CRLF, for old devices, which "
                 "breaks signatures. Only <CRLF>.<CRLF> ends a message in either case."});
  schema.choice("smtp.over_quota", into.over_quota, {{"defer", QuotaPolicy::defer}, {"reject", QuotaPolicy::reject}},
                {"The answer for a full mailbox: `defer` lets the sending server try again for days (452 4.2.2), "
                 "`reject` refuses at once (552 5.2.2)."});
  schema.choice(
      "smtp.sender_checks", into.sender_checks,
      {{"off", SenderChecks::off}, {"note", SenderChecks::note}, {"enforce", SenderChecks::enforce}},
      {"What is done about who sent a message, by SPF, DKIM and DMARC: `enforce` does what the author's domain "
       "asks for (`reject`: 550 5.7.1; `quarantine`: into the folder for junk) and refuses messages with "
       "several From fields; `note` only writes Authentication-Results into the message; `off` asks nothing."});
  schema.duration("smtp.check_time", into.check_time, {1s, 2min},
                  {"How long DNS may be asked about one message. What is not known by then counts as unknown."});
  schema.number("smtp.check_threads", into.check_threads, {1, 256},
                {"Threads that check senders: slow DNS keeps nothing else waiting."});
  schema.text("smtp.postmaster", into.postmaster,
              {"The address that gets mail to `<postmaster>` without a domain. Empty: such mail is refused."});
  schema.list("smtp.trusted_relays", into.trusted_relays, "network",
              {"Servers that take mail for this one and pass it on, like \"10.1.2.3\" or \"10.0.0.0/8\": they are not "
               "bound by limits of connections, and SPF is checked for the client that their Received fields name."},
              [](std::string_view text) -> Result<void> {
                TRY_VOID(net::parse_network(text));
                return {};
              });
  schema.list("smtp.trusted_results", into.trusted_results, "name",
              {"Names (authserv-ids) under which `smtp.trusted_relays` write Authentication-Results: what they say of "
               "SPF, DKIM and DMARC counts instead of what is found here, because they saw the client, and the message "
               "before they changed it. They must remove such fields from what they take."});
  schema.list(
      "smtp.trusted_sealers", into.trusted_sealers, "domain",
      {"Domains, as ARC's seals name them (RFC 8617), whose word counts: if one of them passed a message on and "
       "says that it was its author's before, and whoever passed it on since is one of them as well, a failure "
       "of DMARC has no consequence. For lists and forwarders that change messages."},
      [](std::string_view text) -> Result<void> {
        if (text.empty() || text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") != text.npos)
          return fail(Errc::invalid, "is no domain in lower case");
        return {};
      });
  schema.list("smtp.trusted_networks", into.trusted_networks, "network",
              {"Machines that may send through this server to everybody without a login, like printers and servers of "
               "one's own: \"10.1.2.3\" or \"10.0.0.0/8\". Who sent what they bring is not checked, and no limit of "
               "connections holds for them. Everybody behind such an address may use any sender."},
              [](std::string_view text) -> Result<void> {
                TRY_VOID(net::parse_network(text));
                return {};
              });
}

}  // namespace kontor::transport
