// SPDX-License-Identifier: AGPL-3.0-or-later
// Digests and random bytes, from OpenSSL's libcrypto.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kontor {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// SHA-256 of what arrives in pieces. finish() once, at the end.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The first 64 bits of SHA-256: for keys on disk that stand for a longer name.
std::uint64_t stable_hash64(std::string_view bytes);

// Cryptographically strong.
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();

}  // namespace kontor
