// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace kontor::net {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the whole window; 16: with gzip's header and trailer
constexpr int kGzipMemory = 8;
constexpr int kGzipLevel = 4;

}  // namespace

struct Gzip::State {
  State() {
    if (deflateInit2(&z, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~State() { deflateEnd(&z); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void run(std::string_view bytes, int flush, std::string& out) {
    std::array<char, std::size_t{16} << 10> piece;
    do {
      const auto size = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      z.avail_in = static_cast<uInt>(size);
      bytes.remove_prefix(size);
      do {
        z.next_out = reinterpret_cast<Bytef*>(piece.data());
        z.avail_out = piece.size();
        ::deflate(&z, bytes.empty() ? flush : Z_NO_FLUSH);
        out.append(piece.data(), piece.size() - z.avail_out);
      } while (z.avail_out == 0);
    } while (!bytes.empty());
  }

  z_stream z{};
};

Gzip::Gzip() : state_(std::make_unique<State>()) {}
Gzip::~Gzip() = default;

void Gzip::add(std::string_view bytes, std::string& out) { state_->run(bytes, Z_NO_FLUSH, out); }
void Gzip::finish(std::string& out) { state_->run({}, Z_FINISH, out); }

}  // namespace kontor::net
