// SPDX-License-Identifier: AGPL-3.0-or-later
// What trusted relays found out about who sent a message, by the Authentication-Results that they wrote: where mail
// comes through them, they saw the client, and the message before they changed it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "transport/auth/dkim.h"
#include "transport/auth/spf.h"

namespace kontor::transport {

struct RelayResults {
  std::optional<SpfVerdict> spf;    // nothing: it does not tell
  bool has_dkim = false;            // it tells of signatures, even that there are none
  std::vector<DkimVerdict> dkim;    // of which it names the domain
  std::vector<std::string> passed;  // authors' domains of which it says that DMARC passed; lower case
};

// Of the topmost field that one of `servers` (authserv-ids) wrote, above the trace of those who are not trusted. For a
// message that comes from a trusted relay.
std::optional<RelayResults> results_of_relays(std::string_view head, const std::vector<std::string>& servers,
                                              const std::function<bool(const net::IpAddress&)>& is_trusted);

}  // namespace kontor::transport
