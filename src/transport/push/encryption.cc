// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/push/encryption.h"

#include <openssl/evp.h>

#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "transport/push/ec_key.h"

namespace kontor::transport {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kRecordSize = 4096;
constexpr std::size_t kSaltBytes = 16, kCekBytes = 16, kNonceBytes = 12, kTagBytes = 16;
// Of a body of 4096 bytes, which every push service takes (RFC 8291 section 4), without its head and the delimiter.
constexpr std::size_t kMostText = kRecordSize - 86 - kTagBytes - 1;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* it) const { EVP_CIPHER_CTX_free(it); }
};

// RFC 5869, of at most one block.
std::string expand(std::string_view key, const std::string& info, std::size_t size) {
  return hmac_sha256(key, info + '\x01').substr(0, size);
}

Result<std::string> seal(std::string_view key, std::string_view nonce, std::string_view text) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> cipher(EVP_CIPHER_CTX_new());
  std::string out(text.size() + kTagBytes, '\0');
  auto* into = reinterpret_cast<unsigned char*>(out.data());
  const auto bytes = [](std::string_view of) { return reinterpret_cast<const unsigned char*>(of.data()); };
  int size = 0, rest = 0;
  const bool is_done = cipher &&
                       EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, bytes(key), bytes(nonce)) == 1 &&
                       EVP_EncryptUpdate(cipher.get(), into, &size, bytes(text), static_cast<int>(text.size())) == 1 &&
                       EVP_EncryptFinal_ex(cipher.get(), into + size, &rest) == 1 &&
                       EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, into + text.size()) == 1;
  if (!is_done) return fail(Errc::unavailable, "a message could not be encrypted");
  return out;
}

}  // namespace

Result<PushChoice> random_push_choice() {
  TRY(const EcKey key, new_ec_key());
  TRY(std::string number, ec_number(key.get()));
  return PushChoice{std::move(number), random_bytes(kSaltBytes)};
}

Result<std::string> encrypt_push(std::string_view key, std::string_view secret, std::string_view text,
                                 std::size_t padding, const PushChoice& choice) {
  if (text.size() + padding > kMostText) return fail(Errc::too_large, "the message is too large for a device");
  TRY(const EcKey device, ec_public_key(key));
  TRY(const EcKey own, ec_private_key(choice.private_key));
  TRY(const std::string point, ec_point(own.get()));
  TRY(const std::string shared, ec_agree(own.get(), device.get()));
  // RFC 8291 section 3.4.
  const std::string info = "WebPush: info\0"s + std::string(key) + point;
  const std::string material = expand(hmac_sha256(secret, shared), info, 32);
  // RFC 8188 sections 2.2 and 2.3.
  const std::string root = hmac_sha256(choice.salt, material);
  const std::string cek = expand(root, "Content-Encoding: aes128gcm\0"s, kCekBytes);
  const std::string nonce = expand(root, "Content-Encoding: nonce\0"s, kNonceBytes);
  TRY(const std::string sealed, seal(cek, nonce, std::string(text) + '\x02' + std::string(padding, '\0')));
  std::string out = choice.salt;
  append_be32(out, kRecordSize);
  out += static_cast<char>(point.size());
  return out + point + sealed;
}

}  // namespace kontor::transport
