// SPDX-License-Identifier: AGPL-3.0-or-later
// What the paths below /dav/ say, before anything is looked up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/dav/outcome.h"

namespace kontor::dav {

constexpr std::string_view kRoot = "/dav/";

// The first segment below the root.
enum class Space : std::uint8_t { none, principals, calendars, contacts, files, open, attachments };
std::string_view name(Space space);  // "calendars"; "public" for open

// "/dav/" has no space; "/dav/calendars/" no address; "/dav/calendars/ada@example.org/" no names.
struct Path {
  Space space = Space::none;
  std::string address;             // lower case; of attachments the id
  std::vector<std::string> names;  // below the home
  bool has_slash = false;          // at its end
  std::string text;                // all of it as the client wrote it, decoded
};

// `decoded`: from "/dav" on. Errors: 404 (no such space, an empty segment), 400.
Outcome<Path> parse_path(std::string_view decoded);

// With the slash at its end that collections have.
std::string as_collection(std::string path);
// The path of the collection that it is in: "/dav/files/a/b" and ".../b/" give "/dav/files/a/".
std::string parent_of(std::string_view path);

}  // namespace kontor::dav
