// SPDX-License-Identifier: AGPL-3.0-or-later
// Which hosts take a domain's mail, in which order, and how their TLS is to be checked. RFC 5321 section 5.1, RFC 7505
// (null MX), RFC 7672 (DANE), RFC 8461 (MTA-STS).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/client_socket.h"
#include "transport/auth/resolver.h"
#include "transport/sending/mta_sts.h"
#include "transport/sending/options.h"
#include "transport/sending/smart_host.h"
#include "transport/sending/smtp_client.h"
#include "transport/sending/tls_outcome.h"

namespace kontor::transport {

struct NextHop {
  std::string host;                    // its name, for certificates and the log
  std::vector<std::string> addresses;  // IP addresses, or the name, to be tried in this order
  std::uint16_t port = 25;
  ClientTls tls = ClientTls::may;
  bool implicit_tls = false;
  std::vector<net::DaneRecord> dane;
  std::string user, password;
  // Of mail that goes where DNS leads it: what the recipients' domain has published. Empty for smart hosts.
  std::string policy_domain;
  TlsPolicy policy;
  bool is_trial = false;  // the policy is only tried out: what fails is told, and the mail goes
};

// Called for what is wrong with a policy, or with a host by it.
using TlsObserver = std::function<void(const TlsOutcome&)>;

// `sts` may be null. Failures: there is none, or it is not known for now.
SendResult<std::vector<NextHop>> find_next_hops(const std::string& domain, Resolver& resolver, MtaSts* sts,
                                                const SendingOptions& options, const TlsObserver& observe = {});

// Reads the password. Failures: temporary.
SendResult<std::vector<NextHop>> next_hops_of(const SmartHost& host);

}  // namespace kontor::transport
