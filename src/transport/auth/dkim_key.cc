// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dkim_key.h"

#include <openssl/decoder.h>

#include <utility>

#include "base/digest.h"

namespace kontor::transport {
namespace {

constexpr int kShortestRsa = 1024;  // RFC 8301 section 3.2
constexpr int kLongestRsa = 8192;   // verifying longer ones costs too much
constexpr std::size_t kEd25519Key = 32;

struct FreeDecoder {
  void operator()(OSSL_DECODER_CTX* decoder) const { OSSL_DECODER_CTX_free(decoder); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Pkey decode_key(std::string_view bytes, const char* format, const char* type, int selection) {
  EVP_PKEY* key = nullptr;
  const std::unique_ptr<OSSL_DECODER_CTX, FreeDecoder> decoder(
      OSSL_DECODER_CTX_new_for_pkey(&key, format, nullptr, type, selection, nullptr, nullptr));
  const unsigned char* at = bytes_of(bytes);
  std::size_t left = bytes.size();
  if (!decoder || OSSL_DECODER_from_data(decoder.get(), &at, &left) != 1) return nullptr;
  return Pkey(key);
}

Result<void> check_length(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kShortestRsa) return fail(Errc::invalid, "the RSA key is too short");
  if (bits > kLongestRsa) return fail(Errc::invalid, "the RSA key is too long");
  return {};
}

}  // namespace

Result<Pkey> public_key(DkimAlgorithm algorithm, std::string_view bytes) {
  Pkey key;
  if (algorithm == DkimAlgorithm::ed25519) {
    if (bytes.size() == kEd25519Key)
      key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size()));
  } else {
    key = decode_key(bytes, "DER", "RSA", EVP_PKEY_PUBLIC_KEY);
  }
  if (!key) return fail(Errc::invalid, "the key record holds no such key");
  if (algorithm == DkimAlgorithm::rsa) TRY_VOID(check_length(key.get()));
  return key;
}

bool is_signed_by(DkimAlgorithm algorithm, EVP_PKEY* key, std::string_view header, std::string_view signature) {
  const bool is_rsa = algorithm == DkimAlgorithm::rsa;
  const std::string data = is_rsa ? std::string(header) : sha256(header);
  const Digest digest(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(digest.get(), nullptr, is_rsa ? EVP_sha256() : nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(data), data.size()) == 1;
}

Result<std::string> sign_with(DkimAlgorithm algorithm, EVP_PKEY* key, std::string_view header) {
  const bool is_rsa = algorithm == DkimAlgorithm::rsa;
  const std::string data = is_rsa ? std::string(header) : sha256(header);
  const Digest digest(EVP_MD_CTX_new());
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t length = out.size();
  if (EVP_DigestSignInit(digest.get(), nullptr, is_rsa ? EVP_sha256() : nullptr, nullptr, key) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(out.data()), &length, bytes_of(data),
                     data.size()) != 1)
    return fail(Errc::unavailable, "the message could not be signed");
  out.resize(length);
  return out;
}

DkimKey::DkimKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
DkimKey::~DkimKey() = default;
DkimKey::DkimKey(DkimKey&&) noexcept = default;

Result<DkimKey> DkimKey::parse(std::string_view pem) {
  auto state = std::make_unique<State>();
  state->key = decode_key(pem, "PEM", nullptr, EVP_PKEY_KEYPAIR);
  if (!state->key) return fail(Errc::invalid, "no private key in PEM");
  if (EVP_PKEY_is_a(state->key.get(), "ED25519") == 1) {
    state->algorithm = DkimAlgorithm::ed25519;
  } else if (EVP_PKEY_is_a(state->key.get(), "RSA") == 1) {
    TRY_VOID(check_length(state->key.get()));
  } else {
    return fail(Errc::invalid, "neither an RSA nor an Ed25519 key");
  }
  return DkimKey(std::move(state));
}

}  // namespace kontor::transport
