// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail addresses on the envelope: RFC 5321 section 4.1.2, RFC 6531 section 3.3.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::wire::smtp {

constexpr std::size_t kMaxLocalPart = 256;  // RFC 5321 says 64; variable return paths of today are longer
constexpr std::size_t kMaxDomain = 255;
constexpr std::size_t kMaxPath = 1024;  // with a source route

// A Reverse- or Forward-path. A source route is read and dropped (RFC 5321 appendix C). Without a domain it is
// "postmaster" (section 4.5.1) or, where the parser was asked for it, a bare name.
struct Path {
  bool operator==(const Path&) const = default;
  bool is_null() const { return local.empty() && domain.empty(); }
  bool is_ascii() const;
  // "local@domain", the local part quoted only where it must be; empty for the null path.
  std::string to_string() const;

  std::string local;   // without quotes and backslashes
  std::string domain;  // as written; "[192.0.2.1]" with its brackets
};

// Reads a path from the front of `text` and takes it off. With angle brackets, or without (tolerated) up to a blank.
// Nothing if it is none, or too long, or not UTF-8.
std::optional<Path> take_path(std::string_view& text);

}  // namespace kontor::wire::smtp
