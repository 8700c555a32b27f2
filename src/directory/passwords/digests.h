// SPDX-License-Identifier: AGPL-3.0-or-later
// The digests that password schemes are made of, and the encodings their results are stored in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "directory/passwords/scheme.h"

namespace kontor::directory::passwords {

std::size_t digest_size(Digest digest);
std::string digest_of(Digest digest, std::string_view bytes);
std::string hmac_of(Digest digest, std::string_view key, std::string_view bytes);  // not md4
// RFC 8018; `length` bytes; not md4. `rounds` is at least 1.
std::string pbkdf2_of(Digest digest, std::string_view password, std::string_view salt, std::uint32_t rounds,
                      std::size_t length);

// For many digests of the same kind in a row.
class Hasher {
 public:
  explicit Hasher(Digest digest);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  std::string operator()(std::string_view first, std::string_view second = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The MD5 state after exactly one block of 64 bytes, as 16 bytes: what {CRAM-MD5} stores.
std::string md5_block_state(std::string_view block);

// Hex or base64 as told or, by the scheme, hex when the text is just as long as `size` bytes in hex (0: never).
std::optional<std::string> decode(std::string_view text, Encoding encoding, std::size_t size);

// Base64 with "." for "+", no padding (passlib, OpenLDAP); the standard alphabet is taken too.
std::optional<std::string> from_adapted_base64(std::string_view text);

}  // namespace kontor::directory::passwords
