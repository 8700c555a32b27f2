// SPDX-License-Identifier: AGPL-3.0-or-later
// The table of password schemes, and how a stored hash finds its row.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

using Prepare = Result<Matcher> (*)(const Stored&);

// own: an encoding in the prefix is undone by the family; text: undone here, the family sees the text.
enum class Takes : std::uint8_t { own, text };

struct Scheme {
  std::string_view name;  // upper case
  Prepare prepare;
  Digest digest = Digest::none;
  Takes takes = Takes::text;
};

Result<Matcher> refuse_windows(const Stored&) {
  return fail(Errc::invalid, "Windows NT and LAN Manager hashes are not accepted: set a new password");
}

constexpr std::array kSchemes = {
    Scheme{"PLAIN", plain},
    Scheme{"CLEAR", plain},
    Scheme{"CLEARTEXT", plain},
    Scheme{"PLAIN-TRUNC", plain_trunc},
    Scheme{"CRYPT", unix_crypt},
    Scheme{"DES-CRYPT", unix_crypt},
    Scheme{"MD5-CRYPT", unix_crypt},
    Scheme{"SHA256-CRYPT", unix_crypt},
    Scheme{"SHA512-CRYPT", unix_crypt},
    Scheme{"BLF-CRYPT", unix_crypt},
    Scheme{"MD5", md5_either, Digest::md5, Takes::own},
    Scheme{"LDAP-MD5", unsalted, Digest::md5, Takes::own},
    Scheme{"PLAIN-MD5", unsalted, Digest::md5, Takes::own},
    Scheme{"PLAIN-MD4", unsalted, Digest::md4, Takes::own},
    Scheme{"SHA", unsalted, Digest::sha1, Takes::own},
    Scheme{"SHA1", unsalted, Digest::sha1, Takes::own},
    Scheme{"SHA256", unsalted, Digest::sha256, Takes::own},
    Scheme{"SHA512", unsalted, Digest::sha512, Takes::own},
    Scheme{"SMD5", salted, Digest::md5, Takes::own},
    Scheme{"SSHA", salted, Digest::sha1, Takes::own},
    Scheme{"SSHA256", salted, Digest::sha256, Takes::own},
    Scheme{"SSHA512", salted, Digest::sha512, Takes::own},
    Scheme{"PBKDF2", pbkdf2, Digest::sha1},
    Scheme{"PBKDF2-SHA1", pbkdf2, Digest::sha1},
    Scheme{"PBKDF2-SHA256", pbkdf2, Digest::sha256},
    Scheme{"PBKDF2-SHA512", pbkdf2, Digest::sha512},
    Scheme{"PBKDF2_SHA256", pbkdf2_binary, Digest::sha256, Takes::own},
    Scheme{"ARGON2", argon2},
    Scheme{"ARGON2I", argon2},
    Scheme{"ARGON2ID", argon2},
    Scheme{"SCRAM-SHA-1", scram, Digest::sha1},
    Scheme{"SCRAM-SHA-256", scram, Digest::sha256},
    Scheme{"CRAM-MD5", cram_md5, Digest::md5, Takes::own},
    Scheme{"HMAC-MD5", cram_md5, Digest::md5, Takes::own},
    Scheme{"DIGEST-MD5", digest_md5, Digest::md5, Takes::own},
    Scheme{"OTP", otp},
    Scheme{"NT", refuse_windows},
    Scheme{"NTLM", refuse_windows},
    Scheme{"LANMAN", refuse_windows},
    Scheme{"LM", refuse_windows},
};

// Forms without a prefix in braces, by how they begin.
struct Shape {
  std::string_view begins;
  Prepare prepare;
};
constexpr std::array kShapes = {
    Shape{"$argon2", argon2}, Shape{"$pbkdf2", pbkdf2_passlib}, Shape{"pbkdf2_sha", pbkdf2_django},
    Shape{"$", unix_crypt},   Shape{"_", unix_crypt},
};

struct Prefix {
  std::string name;  // upper case, without the encoding
  Encoding encoding = Encoding::by_scheme;
  std::string_view text;
};

// Nothing unless the hash begins with something like "{SSHA512.HEX}". Only such names are ever repeated in a sentence.
std::optional<Prefix> split_prefix(std::string_view hash) {
  constexpr std::size_t kMaxName = 24;
  std::size_t close = hash.find('}');
  if (!hash.starts_with('{') || close == hash.npos || close == 1 || close > kMaxName) return std::nullopt;
  Prefix prefix{to_upper(hash.substr(1, close - 1)), Encoding::by_scheme, hash.substr(close + 1)};
  bool is_name = std::ranges::all_of(prefix.name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!is_name) return std::nullopt;
  std::size_t dot = prefix.name.find('.');
  if (dot == prefix.name.npos) return prefix;
  std::string_view encoding = std::string_view(prefix.name).substr(dot + 1);
  if (encoding == "HEX") prefix.encoding = Encoding::hex;
  if (encoding == "B64" || encoding == "BASE64") prefix.encoding = Encoding::base64;
  if (prefix.encoding != Encoding::by_scheme) prefix.name.resize(dot);
  return prefix;
}

Result<Matcher> prepare_prefixed(const Prefix& prefix) {
  auto scheme = std::ranges::find(kSchemes, prefix.name, &Scheme::name);
  if (scheme == kSchemes.end())
    return fail(Errc::invalid, fmt::format("the password scheme {{{}}} is unknown", prefix.name));
  if (scheme->takes == Takes::own || prefix.encoding == Encoding::by_scheme)
    return scheme->prepare({prefix.text, prefix.encoding, scheme->digest});
  auto text = decode(prefix.text, prefix.encoding, 0);
  if (!text || text->contains('\0')) return fail(Errc::invalid, "what follows the prefix is not encoded as it says");
  return scheme->prepare({*text, Encoding::by_scheme, scheme->digest});
}

Result<Matcher> prepare_by_shape(std::string_view hash) {
  if (hash.starts_with('{'))
    return fail(Errc::invalid, "the password hash has a scheme in braces that is no valid name");
  for (const Shape& shape : kShapes)
    if (hash.starts_with(shape.begins)) return shape.prepare({hash, Encoding::by_scheme, Digest::none});
  if (hash.size() == 13) return unix_crypt({hash, Encoding::by_scheme, Digest::none});
  if (hash.size() == 32 || hash.size() == 40) return hex_digits({hash, Encoding::hex, Digest::none});
  return fail(Errc::invalid, "the password hash is of no known form (a clear password needs the prefix {PLAIN})");
}

}  // namespace

Result<Matcher> prepare(std::string_view hash) {
  if (hash.empty()) return fail(Errc::invalid, "the password hash is empty");
  if (hash.size() > kMaxHash) return fail(Errc::invalid, "the password hash is too long");
  if (hash.contains('\0')) return fail(Errc::invalid, "the password hash has a NUL in it");
  auto prefix = split_prefix(hash);
  return prefix ? prepare_prefixed(*prefix) : prepare_by_shape(hash);
}

std::optional<std::string> clear_text(std::string_view hash) {
  auto prefix = split_prefix(hash);
  if (!prefix) return std::nullopt;
  auto scheme = std::ranges::find(kSchemes, prefix->name, &Scheme::name);
  if (scheme == kSchemes.end() || scheme->prepare != plain) return std::nullopt;
  return prefix->encoding == Encoding::by_scheme ? std::optional(std::string(prefix->text))
                                                 : decode(prefix->text, prefix->encoding, 0);
}

bool needs_login(std::string_view hash) {
  auto prefix = split_prefix(hash);
  return prefix && prefix->name == "DIGEST-MD5";
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= max ? std::optional(value) : std::nullopt;
}

}  // namespace kontor::directory::passwords
