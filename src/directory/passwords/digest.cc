// SPDX-License-Identifier: AGPL-3.0-or-later
// Plain and salted digests: {SHA256}, {SSHA512}, {PLAIN-MD5}, hex MD5 and relatives.
#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

constexpr std::size_t kKopanoSalt = 8;
constexpr std::size_t kMd5Hex = 32;
constexpr std::size_t kSha1Hex = 40;

bool fits_kopano(std::string_view text, std::string_view password) {
  std::string input(text.substr(0, kKopanoSalt));
  input.append(password);
  return equal_constant_time(to_hex(digest_of(Digest::md5, input)), to_lower(text.substr(kKopanoSalt)));
}

}  // namespace

Result<Matcher> unsalted(const Stored& stored) {
  std::size_t size = digest_size(stored.digest);
  auto bytes = decode(stored.text, stored.encoding, size);
  if (!bytes || bytes->size() != size) return fail(Errc::invalid, "the digest is not whole, or neither hex nor base64");
  return [expected = *bytes, digest = stored.digest](const Attempt& attempt) {
    return equal_constant_time(digest_of(digest, attempt.password), expected);
  };
}

Result<Matcher> salted(const Stored& stored) {
  std::size_t size = digest_size(stored.digest);
  auto bytes = decode(stored.text, stored.encoding, 0);
  if (!bytes || bytes->size() <= size)
    return fail(Errc::invalid, "the salted digest is not whole, or neither hex nor base64");
  return
      [expected = bytes->substr(0, size), salt = bytes->substr(size), digest = stored.digest](const Attempt& attempt) {
        return equal_constant_time(digest_of(digest, std::string(attempt.password).append(salt)), expected);
      };
}

// 32 digits are an MD5. 40 are Kopano's salt (8 digits, used as text) and MD5, or an SHA-1: only the password can tell.
Result<Matcher> hex_digits(const Stored& stored) {
  auto bytes = from_hex(stored.text);
  if (!bytes || (stored.text.size() != kMd5Hex && stored.text.size() != kSha1Hex))
    return fail(Errc::invalid, "the hex digits are not an MD5 or SHA-1");
  if (stored.text.size() == kMd5Hex) return unsalted({stored.text, Encoding::hex, Digest::md5});
  return [text = std::string(stored.text), expected = *bytes](const Attempt& attempt) {
    bool kopano = fits_kopano(text, attempt.password);
    bool sha1 = equal_constant_time(digest_of(Digest::sha1, attempt.password), expected);
    return kopano || sha1;
  };
}

}  // namespace kontor::directory::passwords
