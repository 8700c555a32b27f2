// SPDX-License-Identifier: AGPL-3.0-or-later
// Conditional requests (RFC 9110 section 13) and ranges of bytes (section 14), as pure functions of the request's
// headers and of what is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "wire/http/head.h"

namespace kontor::wire::http {

// What is at the target of a request.
struct Representation {
  bool is_there = true;
  std::string etag;                 // as it is sent, with quotes and "W/" if it is weak; empty: it has none
  std::optional<Instant> modified;  // if that is known to the second
};

// `to_read`: GET and HEAD. Evaluated in the order of section 13.2.2; what cannot be read as an entity tag matches
// nothing, what is no date is not there.
enum class Condition : std::uint8_t { holds, not_modified, fails };  // go on; 304; 412
Condition evaluate(const Headers& headers, bool to_read, const Representation& there, Instant now);

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  bool operator==(const ByteRange&) const = default;
};

// Of how many ranges a part of the content is sent. With more, or where they are longer than all of it, the whole is:
// they would cost more than they spare.
constexpr std::size_t kMostRanges = 16;

// Which bytes of `size` a GET asks for. No ranges: all of it (200). One: 206. Several: 206 as multipart/byteranges.
// `is_unsatisfiable`: 416. A range depends on If-Range, which needs a strong entity tag or the very date.
struct Ranges {
  std::vector<ByteRange> ranges;
  bool is_unsatisfiable = false;
};
Ranges asked_ranges(const Headers& headers, const Representation& there, std::uint64_t size, Instant now);

// The value of Content-Range: "bytes 0-9/100", and "bytes */100" for a 416.
std::string content_range(const ByteRange& range, std::uint64_t size);
std::string content_range_of_none(std::uint64_t size);

// A body of several ranges (section 14.6): a head before each range's bytes, and an end.
struct Multipart {
  std::string content_type;        // of the response
  std::vector<std::string> heads;  // one for each range
  std::string end;
  std::uint64_t length = 0;  // of all of it
};
// `boundary` must not occur in the content; 32 random hexadecimal digits do not.
Multipart multipart_of(const std::vector<ByteRange>& ranges, std::string_view content_type, std::uint64_t size,
                       std::string_view boundary);

// Whether gzip may be used for the response, and is not less wanted than none (section 12.5.3).
bool accepts_gzip(const Headers& headers);

}  // namespace kontor::wire::http
