// SPDX-License-Identifier: AGPL-3.0-or-later
// Paths as they stand in DAV:href and in headers: RFC 4918 section 8.3.
#pragma once

#include <string>
#include <string_view>

#include "wire/dav/refusal.h"

namespace kontor::wire::dav {

// Percent-encodes all but what RFC 3986 lets stand in a path; "/" stays.
std::string encode_path(std::string_view path);

// The decoded path of an absolute path or of a URI. `host`: the Host header; a URI to another host is refused by 502
// (section 9.8.5).
Parsed<std::string> decode_href(std::string_view href, std::string_view host);

}  // namespace kontor::wire::dav
