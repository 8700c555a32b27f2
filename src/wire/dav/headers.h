// SPDX-License-Identifier: AGPL-3.0-or-later
// The headers of WebDAV but for If: RFC 4918 section 10, RFC 7240, RFC 8144.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/dav/refusal.h"

namespace kontor::wire::dav {

enum class Depth : std::uint8_t { zero, one, infinity };
// `otherwise`: where there is none. What a Depth means for a method is the method's.
Parsed<Depth> parse_depth(std::string_view value, Depth otherwise);

// True where there is none.
Parsed<bool> parse_overwrite(std::string_view value);

// The first of the times that we understand, at most `most`; `most` for "Infinite" and where there is none.
std::chrono::seconds parse_timeout(std::string_view value, std::chrono::seconds most);

// "<urn:uuid:...>" without its brackets.
Parsed<std::string> parse_lock_token(std::string_view value);

// What the client would like. Unknown ones are nothing.
struct Preferences {
  bool is_minimal = false;         // return=minimal
  bool wants_new_state = false;    // return=representation
  bool is_without_itself = false;  // depth-noroot: a listing without the collection itself
};
Preferences parse_prefer(std::string_view value);

}  // namespace kontor::wire::dav
