// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/passwords/digests.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md4.h>
#include <openssl/md5.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::directory::passwords {
namespace {

const EVP_MD* evp(Digest digest) {
  switch (digest) {
    case Digest::md5:
      return EVP_md5();
    case Digest::sha1:
      return EVP_sha1();
    case Digest::sha256:
      return EVP_sha256();
    case Digest::sha512:
      return EVP_sha512();
    case Digest::md4:
    case Digest::none:
      break;
  }
  return nullptr;
}

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

// OpenSSL 3 keeps MD4 in a provider that may not be installed, and gives no MD5 state at all except through the old
// interface, so these two use the old one.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
namespace {

std::string md4_of(std::string_view bytes) {
  std::string out(MD4_DIGEST_LENGTH, '\0');
  MD4(raw(bytes), bytes.size(), raw(out));
  return out;
}

}  // namespace

std::string md5_block_state(std::string_view block) {
  check(block.size() == MD5_CBLOCK, "one MD5 block");
  MD5_CTX context;
  MD5_Init(&context);
  MD5_Update(&context, block.data(), block.size());
  std::string out;
  for (std::uint32_t word : {context.A, context.B, context.C, context.D})
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(word >> shift));
  return out;
}
#pragma clang diagnostic pop

std::size_t digest_size(Digest digest) {
  switch (digest) {
    case Digest::md4:
    case Digest::md5:
      return 16;
    case Digest::sha1:
      return 20;
    case Digest::sha256:
      return 32;
    case Digest::sha512:
      return 64;
    case Digest::none:
      break;
  }
  return 0;
}

std::string digest_of(Digest digest, std::string_view bytes) {
  if (digest == Digest::md4) return md4_of(bytes);
  std::string out(digest_size(digest), '\0');
  check(EVP_Digest(bytes.data(), bytes.size(), raw(out), nullptr, evp(digest), nullptr) == 1, "a digest works");
  return out;
}

std::string hmac_of(Digest digest, std::string_view key, std::string_view bytes) {
  std::string out(digest_size(digest), '\0');
  check(HMAC(evp(digest), key.data(), static_cast<int>(key.size()), raw(bytes), bytes.size(), raw(out), nullptr) !=
            nullptr,
        "HMAC works");
  return out;
}

std::string pbkdf2_of(Digest digest, std::string_view password, std::string_view salt, std::uint32_t rounds,
                      std::size_t length) {
  std::string out(length, '\0');
  check(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), raw(salt), static_cast<int>(salt.size()),
                          static_cast<int>(rounds), evp(digest), static_cast<int>(length), raw(out)) == 1,
        "PBKDF2 works");
  return out;
}

struct Hasher::State {
  explicit State(Digest digest_) : digest(digest_), context(EVP_MD_CTX_new()) {
    // Fetched once: the implicit fetch of EVP_md5() costs more than the digest of a short text.
    if (digest != Digest::md4) md = EVP_MD_fetch(nullptr, EVP_MD_get0_name(evp(digest)), nullptr);
    check(context != nullptr && (digest == Digest::md4 || md != nullptr), "a digest is there");
  }
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Digest digest;
  EVP_MD_CTX* context;
  EVP_MD* md = nullptr;
};

Hasher::Hasher(Digest digest) : state_(std::make_unique<State>(digest)) {}
Hasher::~Hasher() = default;

std::string Hasher::operator()(std::string_view first, std::string_view second) {
  if (state_->digest == Digest::md4) return md4_of(std::string(first).append(second));
  std::string out(digest_size(state_->digest), '\0');
  check(EVP_DigestInit_ex2(state_->context, state_->md, nullptr) == 1 &&
            EVP_DigestUpdate(state_->context, first.data(), first.size()) == 1 &&
            EVP_DigestUpdate(state_->context, second.data(), second.size()) == 1 &&
            EVP_DigestFinal_ex(state_->context, raw(out), nullptr) == 1,
        "a digest works");
  return out;
}

std::optional<std::string> decode(std::string_view text, Encoding encoding, std::size_t size) {
  if (encoding == Encoding::hex) return from_hex(text);
  if (encoding == Encoding::base64) return from_base64(text);
  if (size != 0 && text.size() == size * 2)
    if (auto bytes = from_hex(text)) return bytes;
  return from_base64(text);
}

std::optional<std::string> from_adapted_base64(std::string_view text) {
  std::string standard(text);
  std::ranges::replace(standard, '.', '+');
  return from_base64(standard);
}

}  // namespace kontor::directory::passwords
