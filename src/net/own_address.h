// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether an address leads to this machine, or into the network behind it.
#pragma once

#include "net/address.h"

namespace kontor::net {

// An address that anybody on the Internet may have: not loopback, private (RFC 1918, RFC 4193, RFC 6598), link-local,
// multicast, reserved or unspecified, nor an IPv6 form that stands for such an IPv4 address.
bool is_public(const IpAddress& address);

// One of this machine's own, as the system has them now. Asks the system; does not block.
bool is_own(const IpAddress& address);

}  // namespace kontor::net
