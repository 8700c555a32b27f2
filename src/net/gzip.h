// SPDX-License-Identifier: AGPL-3.0-or-later
// Gzip (RFC 1952), as a content coding of HTTP: what comes in any pieces, compressed in pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace kontor::net {

// Takes about 256 KiB while it lives.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Appends to `out` what is ready of it, which may be nothing.
  void add(std::string_view bytes, std::string& out);
  // The rest. Nothing may follow.
  void finish(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::net
