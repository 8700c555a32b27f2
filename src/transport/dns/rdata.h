// SPDX-License-Identifier: AGPL-3.0-or-later
// Records of DNS from their bytes (RFC 1035 section 3.3, RFC 2782, RFC 6698 section 2.1). Names in them are not
// compressed. For dns/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "transport/auth/resolver.h"

namespace kontor::transport::rdata {

// Nothing if the bytes are no such record.
std::optional<net::IpAddress> address(std::string_view bytes);  // A and AAAA
std::optional<MxRecord> mx(std::string_view bytes);
std::optional<std::string> txt(std::string_view bytes);
std::optional<std::string> ptr(std::string_view bytes);
std::optional<TlsaRecord> tlsa(std::string_view bytes);
std::optional<SrvRecord> srv(std::string_view bytes);

// "mx.example.org" from labels; "" is the root. What is no letter, digit, "-" or "_" in a label makes it none: no host
// has such a name, and it must not get into headers and logs.
std::optional<std::string> take_name(std::string_view& bytes);

}  // namespace kontor::transport::rdata
