// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether an address leads to this machine, or into the network behind it.
#pragma once

#include "net/address.h"

namespace kontor::net {

// An address that anybody on the Internet may have. Not: loopback, private (RFC 1918, RFC 4193, RFC 6598), link-local,
// multicast, for documents, reserved or unspecified ones; IPv6 outside of what is given out (2000::/3); and none of
// the IPv6 forms that stand for an IPv4 address (6to4, Teredo, NAT64): who translates them is not known.
bool is_public(const IpAddress& address);

// One of this machine's own, as the system has them now: what it would keep to itself if it were sent there, so also
// whole networks that are routed to it (RTN_LOCAL). Asks the system; does not block.
bool is_own(const IpAddress& address);

// Public and not this machine's: where requests of those who may choose the address can go.
inline bool is_outside(const IpAddress& address) { return is_public(address) && !is_own(address); }

}  // namespace kontor::net
