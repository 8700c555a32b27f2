// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/chunked.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kontor::wire::http {
namespace {

constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 48;
constexpr std::size_t kMaxChunkLine = 256;
constexpr std::size_t kMaxTrailers = 8192;

int chunk_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::size_t ChunkDecoder::feed(std::string_view bytes, std::string& out) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::done && state_ != State::bad) {
    if (state_ != State::data) {
      state_ = next(bytes[used++]);
      continue;
    }
    std::size_t count = std::min<std::uint64_t>(left_, bytes.size() - used);
    out.append(bytes.substr(used, count));
    used += count;
    left_ -= count;
    if (left_ == 0) state_ = State::data_cr;
  }
  return used;
}

ChunkDecoder::State ChunkDecoder::in_size(char c) {
  if (int digit = chunk_digit(c); digit >= 0) {
    left_ = left_ * 16 + static_cast<unsigned>(digit);
    has_digits_ = true;
    return left_ > kMaxChunk ? State::bad : State::size;
  }
  if (!has_digits_) return State::bad;
  if (c == '\r') return State::size_lf;
  return c == ';' ? State::extension : State::bad;
}

ChunkDecoder::State ChunkDecoder::next(char c) {
  switch (state_) {
    case State::size:
      if (++line_ > kMaxChunkLine) return State::bad;
      return in_size(c);
    case State::extension:
      // A bare LF would be a line end to some and not to others.
      if (++line_ > kMaxChunkLine || c == '\n') return State::bad;
      return c == '\r' ? State::size_lf : State::extension;
    case State::size_lf:
      if (c != '\n') return State::bad;
      line_ = 0;
      has_digits_ = false;
      return left_ == 0 ? State::trailer : State::data;
    case State::data_cr:
      return c == '\r' ? State::data_lf : State::bad;
    case State::data_lf:
      return c == '\n' ? State::size : State::bad;
    case State::trailer:
      if (++trailers_ > kMaxTrailers || c == '\n') return State::bad;
      if (c == '\r') return State::trailer_lf;
      ++line_;
      return State::trailer;
    case State::trailer_lf:
      if (c != '\n') return State::bad;
      return std::exchange(line_, 0) == 0 ? State::done : State::trailer;
    case State::data:
    case State::done:
    case State::bad:
      break;
  }
  return State::bad;
}

std::string encode_chunk(std::string_view content) { return fmt::format("{:x}\r\n{}\r\n", content.size(), content); }

}  // namespace kontor::wire::http
