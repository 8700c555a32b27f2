// SPDX-License-Identifier: AGPL-3.0-or-later
// Who sent a message, as far as can be known: SPF, DKIM and DMARC of one message that came whole.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "transport/auth/public_suffixes.h"
#include "transport/auth/resolver.h"
#include "transport/auth/results.h"
#include "transport/smtp/message.h"
#include "transport/smtp/relay_results.h"
#include "wire/smtp/path.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

struct SendingClient {
  bool operator==(const SendingClient&) const = default;

  net::IpAddress ip;
  std::string helo;
};

// Whom a Received field names as the client: by the address that the writer itself put into brackets.
std::optional<SendingClient> client_of_received(std::string_view value);

// Who gave the message to the first of the relays that are trusted, by the Received fields that they wrote, from the
// top. `peer` itself if it is not trusted; nothing if the fields do not tell.
std::optional<SendingClient> client_before_relays(std::string_view head, const SendingClient& peer,
                                                  const std::function<bool(const net::IpAddress&)>& is_trusted);

struct SenderFacts {
  std::optional<SendingClient> client;  // nothing: SPF is not checked
  wire::smtp::Path mail_from;
  std::string server;      // our name
  std::int64_t time = 0;   // seconds since 1970
  std::uint32_t dice = 0;  // 0 to 99, for DMARC's pct
  // Domains whose word counts, where they say with ARC that a message was its author's before they passed it on.
  std::vector<std::string> trusted_sealers;
  // What relays that are trusted saw: it counts instead of what is seen here.
  std::optional<RelayResults> relay;
};

struct SenderCheck {
  AuthResults results;
  // What the authors' domains want, the strictest of them; with several From fields, from which a reader may choose
  // any, `reject`.
  DmarcPolicy wish = DmarcPolicy::none;
  std::string because;  // for `reject` and `quarantine`: safe to be shown
};

// Blocks as the resolvers do. SPF has one of its own: the domains that it is led to may make it slow.
SenderCheck check_sender(const SmtpMessage& message, const SenderFacts& facts, const PublicSuffixes& suffixes,
                         Resolver& spf_resolver, Resolver& resolver);

}  // namespace kontor::transport
