// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace kontor::net {
namespace {

// Negative: raw deflate. The peer may use the whole window; ours is smaller, which takes 64 KiB while something is
// sent.
constexpr int kInflateWindow = -15;
constexpr int kDeflateWindow = -13;
constexpr int kDeflateMemory = 6;
constexpr int kDeflateLevel = 3;
constexpr std::size_t kLargestHistory = std::size_t{32} << 10;
constexpr std::size_t kDeflatePiece = std::size_t{16} << 10;

// inflate() says so in data_type: it stands between two blocks, at the boundary of a byte.
constexpr int kBetweenBlocks = 128;

Bytef* as_bytes(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

uInt bounded(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct Deflater::State {
  State() {
    if (deflateInit2(&z, kDeflateLevel, Z_DEFLATED, kDeflateWindow, kDeflateMemory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~State() { deflateEnd(&z); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream z{};
};

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

void Deflater::add(std::string_view bytes, std::string& out) {
  if (!state_) state_ = std::make_unique<State>();
  z_stream& z = state_->z;
  std::array<char, kDeflatePiece> piece;
  while (!bytes.empty()) {
    const uInt size = bounded(bytes.size());
    z.next_in = as_bytes(bytes.data());
    z.avail_in = size;
    bytes.remove_prefix(size);
    do {
      z.next_out = as_bytes(piece.data());
      z.avail_out = piece.size();
      ::deflate(&z, Z_SYNC_FLUSH);
      out.append(piece.data(), piece.size() - z.avail_out);
    } while (z.avail_out == 0);
  }
}

void Deflater::rest() { state_.reset(); }

struct Inflater::State {
  State() {
    if (inflateInit2(&z, kInflateWindow) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&z); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream z{};
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

void Inflater::wake() {
  state_ = std::make_unique<State>();
  if (!history_.empty()) inflateSetDictionary(&state_->z, as_bytes(history_.data()), bounded(history_.size()));
  std::string().swap(history_);
}

Inflater::Step Inflater::add(std::string_view in, std::span<char> out) {
  if (!state_) {
    if (in.empty()) return {};
    wake();
  }
  z_stream& z = state_->z;
  const uInt given = bounded(in.size()), room = bounded(out.size());
  z.next_in = as_bytes(in.data());
  z.avail_in = given;
  z.next_out = as_bytes(out.data());
  z.avail_out = room;
  const int result = ::inflate(&z, Z_SYNC_FLUSH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  const Step step{given - z.avail_in, room - z.avail_out};
  may_hold_more_ = z.avail_out == 0;
  // An end of the data is no way to end a conversation, but what came before it is still to be read.
  if (result == Z_STREAM_END && step.made > 0) return step;
  if (result != Z_OK && result != Z_BUF_ERROR) throw Disconnected("the compressed data is broken or at its end");
  return step;
}

void Inflater::rest() {
  if (!state_ || may_hold_more_ || state_->z.data_type != kBetweenBlocks) return;
  std::string history(kLargestHistory, '\0');
  uInt size = 0;
  if (inflateGetDictionary(&state_->z, as_bytes(history.data()), &size) != Z_OK) return;
  history_.assign(history, 0, size);
  state_.reset();
}

}  // namespace kontor::net
