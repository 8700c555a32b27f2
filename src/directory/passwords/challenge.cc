// SPDX-License-Identifier: AGPL-3.0-or-later
// What servers keep for the challenge mechanisms: {CRAM-MD5} (RFC 2195) and {DIGEST-MD5} (RFC 2831).
#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

constexpr std::size_t kMd5Block = 64;

std::string padded(std::string_view key, char pad) {
  std::string block(kMd5Block, pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] = static_cast<char>(block[i] ^ key[i]);
  return block;
}

}  // namespace

// The two halves of HMAC-MD5 (RFC 2104) after the password: outer state, then inner state.
Result<Matcher> cram_md5(const Stored& stored) {
  auto states = decode(stored.text, stored.encoding, 32);
  if (!states || states->size() != 32) return fail(Errc::invalid, "the CRAM-MD5 hash does not have 64 hex digits");
  return [expected = *states](const Attempt& attempt) {
    std::string key(attempt.password);
    if (key.size() > kMd5Block) key = digest_of(Digest::md5, key);
    return equal_constant_time(md5_block_state(padded(key, 0x5c)) + md5_block_state(padded(key, 0x36)), expected);
  };
}

// MD5 of "user:realm:password"; the realm is the login name's domain, empty without one.
Result<Matcher> digest_md5(const Stored& stored) {
  auto expected = decode(stored.text, stored.encoding, 16);
  if (!expected || expected->size() != 16)
    return fail(Errc::invalid, "the DIGEST-MD5 hash does not have 32 hex digits");
  return [expected = *expected](const Attempt& attempt) {
    std::size_t at = attempt.login.rfind('@');
    std::string input(attempt.login.substr(0, at));
    input += ':';
    if (at != attempt.login.npos) input += attempt.login.substr(at + 1);
    input.append(":").append(attempt.password);
    return equal_constant_time(digest_of(Digest::md5, input), expected);
  };
}

}  // namespace kontor::directory::passwords
