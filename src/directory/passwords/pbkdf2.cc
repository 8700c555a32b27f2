// SPDX-License-Identifier: AGPL-3.0-or-later
// PBKDF2 as Dovecot, OpenLDAP, 389 Directory Server, Django and passlib write it.
#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

// About a second of blocks on a slow core. Django's default grows past a million rounds of SHA-256.
constexpr std::uint64_t kMaxBlocks = 2'500'000;
constexpr std::size_t kMaxDerived = 256;

Result<Matcher> derive(Digest digest, std::string_view rounds_text, std::string salt,
                       const std::optional<std::string>& expected) {
  auto rounds = parse_number(rounds_text, 0x7fff'ffff);
  if (!rounds || *rounds == 0) return fail(Errc::invalid, "the PBKDF2 hash has no valid number of rounds");
  if (!expected || expected->size() < 16 || expected->size() > kMaxDerived)
    return fail(Errc::invalid, "the PBKDF2 hash is not whole or not well encoded");
  std::size_t blocks = (expected->size() + digest_size(digest) - 1) / digest_size(digest);
  std::uint64_t weight = digest == Digest::sha512 ? 2 : 1;
  if (*rounds * blocks * weight > kMaxBlocks) return fail(Errc::invalid, "the PBKDF2 hash has too many rounds");
  return [digest, rounds = static_cast<std::uint32_t>(*rounds), salt = std::move(salt),
          expected = *expected](const Attempt& attempt) {
    return equal_constant_time(pbkdf2_of(digest, attempt.password, salt, rounds, expected.size()), expected);
  };
}

std::vector<std::string_view> split_dollar(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; parts.size() < 8;) {
    std::size_t end = text.find('$', at);
    parts.push_back(text.substr(at, end == text.npos ? end : end - at));
    if (end == text.npos) break;
    at = end + 1;
  }
  return parts;
}

}  // namespace

// Dovecot: "$1$salt$rounds$hex"; OpenLDAP and 389: "rounds$salt$hash" in adapted base64.
Result<Matcher> pbkdf2(const Stored& stored) {
  auto parts = split_dollar(stored.text);
  if (stored.digest == Digest::sha1 && parts.size() == 5 && parts[0].empty() && parts[1] == "1")
    return derive(Digest::sha1, parts[3], std::string(parts[2]), from_hex(parts[4]));
  if (parts.size() != 3) return fail(Errc::invalid, "the PBKDF2 hash does not have the parts rounds, salt and hash");
  auto salt = from_adapted_base64(parts[1]);
  if (!salt) return fail(Errc::invalid, "the PBKDF2 hash has a salt that is not base64");
  return derive(stored.digest, parts[0], *salt, from_adapted_base64(parts[2]));
}

// 389: base64 of rounds (4 bytes, big-endian), salt (64 bytes) and hash (256 bytes).
Result<Matcher> pbkdf2_binary(const Stored& stored) {
  constexpr std::size_t kRounds = 4;
  constexpr std::size_t kSalt = 64;
  auto bytes = decode(stored.text, stored.encoding, 0);
  if (!bytes || bytes->size() <= kRounds + kSalt) return fail(Errc::invalid, "the PBKDF2 hash is not whole");
  return derive(stored.digest, std::to_string(read_be32(*bytes)), bytes->substr(kRounds, kSalt),
                bytes->substr(kRounds + kSalt));
}

// "$pbkdf2-sha256$rounds$salt$hash", salt and hash in adapted base64.
Result<Matcher> pbkdf2_passlib(const Stored& stored) {
  auto parts = split_dollar(stored.text);
  if (parts.size() != 5) return fail(Errc::invalid, "the PBKDF2 hash does not have the parts rounds, salt and hash");
  Digest digest = parts[1] == "pbkdf2"          ? Digest::sha1
                  : parts[1] == "pbkdf2-sha256" ? Digest::sha256
                  : parts[1] == "pbkdf2-sha512" ? Digest::sha512
                                                : Digest::none;
  if (digest == Digest::none) return fail(Errc::invalid, "the PBKDF2 hash uses a digest that is not supported");
  auto salt = from_adapted_base64(parts[3]);
  if (!salt) return fail(Errc::invalid, "the PBKDF2 hash has a salt that is not base64");
  return derive(digest, parts[2], *salt, from_adapted_base64(parts[4]));
}

// "pbkdf2_sha256$rounds$salt$hash", the salt as text and the hash in base64.
Result<Matcher> pbkdf2_django(const Stored& stored) {
  auto parts = split_dollar(stored.text);
  if (parts.size() != 4) return fail(Errc::invalid, "the PBKDF2 hash does not have the parts rounds, salt and hash");
  Digest digest = parts[0] == "pbkdf2_sha256" ? Digest::sha256
                  : parts[0] == "pbkdf2_sha1" ? Digest::sha1
                                              : Digest::none;
  if (digest == Digest::none) return fail(Errc::invalid, "the PBKDF2 hash uses a digest that is not supported");
  return derive(digest, parts[1], std::string(parts[2]), from_base64(parts[3]));
}

}  // namespace kontor::directory::passwords
