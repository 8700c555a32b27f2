// SPDX-License-Identifier: AGPL-3.0-or-later
// The chunked transfer coding (RFC 9112 section 7.1), as a machine that takes bytes in any pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::wire::http {

class ChunkDecoder {
 public:
  // Decodes the front of `bytes`, appends what it means to `out` and returns how many bytes were used: all, unless the
  // body ended or is malformed. Extensions and trailers are read over, within bounds.
  std::size_t feed(std::string_view bytes, std::string& out);

  bool is_done() const { return state_ == State::done; }
  bool is_bad() const { return state_ == State::bad; }

 private:
  enum class State : std::uint8_t { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, done, bad };
  State next(char c);
  State in_size(char c);

  State state_ = State::size;
  bool has_digits_ = false;
  std::uint64_t left_ = 0;    // of the chunk
  std::size_t line_ = 0;      // length of the line that is being read
  std::size_t trailers_ = 0;  // of all of them
};

// One chunk; not for empty content, which would end the body.
std::string encode_chunk(std::string_view content);
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace kontor::wire::http
