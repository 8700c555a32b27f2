// SPDX-License-Identifier: AGPL-3.0-or-later
// The gate of requests whose addresses users choose (feeds, push services): nothing of this machine and of the networks
// behind it is reached by them, by whatever name or redirect.
#pragma once

#include <vector>

#include "net/address.h"

namespace kontor::transport {

struct CallGate {
  std::vector<net::Network> networks;  // that may be called though they are not public, also if they are this machine
  bool has_refused = false;            // something since it was set

  bool lets(const net::IpAddress& address) const;
};

// Asked with the very address that is to be connected to: what the name means by then does not matter. `handle` is a
// CURL*; the gate must outlive its use.
void set_gate(void* handle, CallGate& gate);

}  // namespace kontor::transport
