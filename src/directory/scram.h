// SPDX-License-Identifier: AGPL-3.0-or-later
// What SCRAM (RFC 5802 section 3) needs of a password: keys that prove it without being it. Made when a password is set
// or first verified, for SHA-1 and SHA-256 alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::directory {

enum class ScramHash : std::uint8_t { sha1, sha256 };

// Keys of one password: the principal's own (0) or one of its app passwords. All of a principal share salt and rounds,
// which the server names before it can know which of them the client has.
struct ScramKeys {
  std::uint64_t app_password = 0;
  std::string sha1_stored, sha1_server;
  std::string sha256_stored, sha256_server;

  const std::string& stored(ScramHash hash) const { return hash == ScramHash::sha1 ? sha1_stored : sha256_stored; }
  const std::string& server(ScramHash hash) const { return hash == ScramHash::sha1 ? sha1_server : sha256_server; }
};

constexpr std::size_t kScramSalt = 16;

// The password is prepared with SASLprep (RFC 4013) where that allows it. Costs two PBKDF2 of so many rounds.
ScramKeys make_scram_keys(std::string_view password, std::string_view salt, std::uint32_t rounds);

// A client's proof (ClientProof): for those who log in elsewhere, and for tests.
std::string make_scram_proof(std::string_view password, std::string_view salt, std::uint32_t rounds, ScramHash hash,
                             std::string_view auth_message);
// Whether the client's proof was made with the password of these keys. Constant time.
bool proves_scram(const ScramKeys& keys, ScramHash hash, std::string_view auth_message, std::string_view proof);
// What shows the client that the server knows the password too.
std::string scram_signature(const ScramKeys& keys, ScramHash hash, std::string_view auth_message);

// The salt shown for a name that has none: always the same for the same name.
std::string made_up_salt(std::string_view secret, std::string_view login);

}  // namespace kontor::directory
