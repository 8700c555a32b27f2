// SPDX-License-Identifier: AGPL-3.0-or-later
// Which parts of a content a GET wants: RFC 9110 section 14.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

namespace kontor::dav {

struct ByteRange {
  std::uint64_t from = 0, length = 0;

  bool operator==(const ByteRange&) const = default;
};

constexpr std::size_t kMostRanges = 32;

// Of a content of `size` bytes. Empty: all of it is wanted, or the header says nothing that we understand, or it wants
// too many small pieces. An error: none of the ranges is within the content (416).
struct NoRange {};
std::expected<std::vector<ByteRange>, NoRange> parse_ranges(std::string_view header, std::uint64_t size);

}  // namespace kontor::dav
