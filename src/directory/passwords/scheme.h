// SPDX-License-Identifier: AGPL-3.0-or-later
// What all password schemes share. A scheme reads a stored hash once, refuses it if its form or its cost is not
// acceptable, and gives a function that answers whether a password fits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "directory/password.h"

namespace kontor::directory::passwords {

struct Attempt {
  std::string_view password;  // not empty, at most kMaxPassword bytes, no NUL
  std::string_view login;     // as typed; only {DIGEST-MD5} needs it
};
using Matcher = std::function<bool(const Attempt&)>;

constexpr std::size_t kMaxHash = 1024;

// No hash may take more memory than this, nor (by each family's own limit) much more than a second.
constexpr std::uint64_t kMaxMemory = 256ULL << 20;

// A hash as stored has a prefix in braces that names the scheme, and perhaps the encoding: {SSHA512.HEX}.
enum class Encoding : std::uint8_t { by_scheme, hex, base64 };

// Which digest a row of the table of schemes means.
enum class Digest : std::uint8_t { none, md4, md5, sha1, sha256, sha512 };

struct Stored {
  std::string_view text;  // what follows the prefix
  Encoding encoding = Encoding::by_scheme;
  Digest digest = Digest::none;
};

// The families. Errors: invalid; the sentence never repeats the hash.
Result<Matcher> plain(const Stored& stored);           // {PLAIN}
Result<Matcher> plain_trunc(const Stored& stored);     // {PLAIN-TRUNC}
Result<Matcher> unsalted(const Stored& stored);        // {SHA256}, {PLAIN-MD5}, ...
Result<Matcher> salted(const Stored& stored);          // {SSHA512}, {SMD5}, ...
Result<Matcher> hex_digits(const Stored& stored);      // no prefix: 32 or 40 hex digits
Result<Matcher> unix_crypt(const Stored& stored);      // {CRYPT} and everything that crypt(3) knows
Result<Matcher> md5_either(const Stored& stored);      // {MD5}: Dovecot means crypt, LDAP means the bare digest
Result<Matcher> pbkdf2(const Stored& stored);          // {PBKDF2*}: Dovecot, OpenLDAP and 389
Result<Matcher> pbkdf2_binary(const Stored& stored);   // {PBKDF2_SHA256}: 389
Result<Matcher> pbkdf2_passlib(const Stored& stored);  // $pbkdf2-sha256$...
Result<Matcher> pbkdf2_django(const Stored& stored);   // pbkdf2_sha256$...
Result<Matcher> argon2(const Stored& stored);          // {ARGON2*}, $argon2id$...
Result<Matcher> scram(const Stored& stored);           // {SCRAM-SHA-1}, ...
Result<Matcher> cram_md5(const Stored& stored);        // {CRAM-MD5}
Result<Matcher> digest_md5(const Stored& stored);      // {DIGEST-MD5}
Result<Matcher> otp(const Stored& stored);             // {OTP}
Result<Matcher> phpass(const Stored& stored);          // $P$..., $H$...

// Finds the scheme of a stored hash, by prefix or by shape, in the one table of schemes.
Result<Matcher> prepare(std::string_view hash);

// The password itself where the hash is none: {PLAIN} and its other names.
std::optional<std::string> clear_text(std::string_view hash);

// Whether the hash's scheme mixes the login name in.
bool needs_login(std::string_view hash);

// A decimal number without sign, at most `max`; nothing otherwise.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);

}  // namespace kontor::directory::passwords
