// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/scram.h"

#include <unicode/unistr.h>
#include <unicode/usprep.h>

#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "directory/passwords/digests.h"

namespace kontor::directory {
namespace {

using passwords::Digest;
using passwords::digest_of;
using passwords::digest_size;
using passwords::hmac_of;

Digest digest_for(ScramHash hash) { return hash == ScramHash::sha1 ? Digest::sha1 : Digest::sha256; }

// As it is where the profile forbids it: the client's own preparation decides then.
std::string saslprep(std::string_view password) {
  bool is_ascii = true;
  for (const char c : password) is_ascii = is_ascii && c >= 0x20 && c < 0x7f;
  if (is_ascii) return std::string(password);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UStringPrepProfile, decltype(&usprep_close)> profile(
      usprep_openByType(USPREP_RFC4013_SASLPREP, &status), &usprep_close);
  if (U_FAILURE(status)) return std::string(password);
  const auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(password.data(), static_cast<int>(password.size())));
  std::u16string out(static_cast<std::size_t>(text.length()) * 18 + 16, u'\0');  // what NFKC makes of one at most
  const int size = usprep_prepare(profile.get(), text.getBuffer(), text.length(), out.data(),
                                  static_cast<int>(out.size()), USPREP_DEFAULT, nullptr, &status);
  if (U_FAILURE(status)) return std::string(password);
  std::string prepared;
  icu::UnicodeString(out.data(), size).toUTF8String(prepared);
  return prepared;
}

void make_keys(ScramHash hash, std::string_view password, std::string_view salt, std::uint32_t rounds,
               std::string& stored, std::string& server) {
  const Digest digest = digest_for(hash);
  const std::string salted = passwords::pbkdf2_of(digest, password, salt, rounds, digest_size(digest));
  stored = digest_of(digest, hmac_of(digest, salted, "Client Key"));
  server = hmac_of(digest, salted, "Server Key");
}

}  // namespace

ScramKeys make_scram_keys(std::string_view password, std::string_view salt, std::uint32_t rounds) {
  const std::string prepared = saslprep(password);
  ScramKeys keys;
  make_keys(ScramHash::sha1, prepared, salt, rounds, keys.sha1_stored, keys.sha1_server);
  make_keys(ScramHash::sha256, prepared, salt, rounds, keys.sha256_stored, keys.sha256_server);
  return keys;
}

std::string make_scram_proof(std::string_view password, std::string_view salt, std::uint32_t rounds, ScramHash hash,
                             std::string_view auth_message) {
  const Digest digest = digest_for(hash);
  const std::string salted = passwords::pbkdf2_of(digest, saslprep(password), salt, rounds, digest_size(digest));
  std::string proof = hmac_of(digest, salted, "Client Key");
  const std::string signature = hmac_of(digest, digest_of(digest, proof), auth_message);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  return proof;
}

bool proves_scram(const ScramKeys& keys, ScramHash hash, std::string_view auth_message, std::string_view proof) {
  const Digest digest = digest_for(hash);
  std::string client_key = hmac_of(digest, keys.stored(hash), auth_message);
  if (client_key.size() != proof.size()) return false;
  for (std::size_t i = 0; i < proof.size(); ++i) client_key[i] = static_cast<char>(client_key[i] ^ proof[i]);
  return equal_constant_time(digest_of(digest, client_key), keys.stored(hash));
}

std::string scram_signature(const ScramKeys& keys, ScramHash hash, std::string_view auth_message) {
  return hmac_of(digest_for(hash), keys.server(hash), auth_message);
}

std::string made_up_salt(std::string_view secret, std::string_view login) {
  return hmac_sha256(secret, std::string("scram salt ").append(login)).substr(0, kScramSalt);
}

}  // namespace kontor::directory
