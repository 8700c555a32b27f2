// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/push/ec_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

constexpr char kCurve[] = "prime256v1";
constexpr std::size_t kNumberBytes = 32, kPointBytes = 65;

struct FreeEcPart {
  void operator()(EVP_PKEY_CTX* it) const { EVP_PKEY_CTX_free(it); }
  void operator()(OSSL_PARAM_BLD* it) const { OSSL_PARAM_BLD_free(it); }
  void operator()(OSSL_PARAM* it) const { OSSL_PARAM_free(it); }
  void operator()(BIGNUM* it) const { BN_clear_free(it); }
  void operator()(EC_GROUP* it) const { EC_GROUP_free(it); }
  void operator()(EC_POINT* it) const { EC_POINT_free(it); }
  void operator()(EVP_MD_CTX* it) const { EVP_MD_CTX_free(it); }
  void operator()(ECDSA_SIG* it) const { ECDSA_SIG_free(it); }
};
template <class T>
using EcPart = std::unique_ptr<T, FreeEcPart>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error no_key() { return Error(Errc::unavailable, "a key could not be used"); }

// `number` may be null: a public key.
Result<EcKey> ec_key_of(std::string_view point, const BIGNUM* number) {
  const EcPart<OSSL_PARAM_BLD> building(OSSL_PARAM_BLD_new());
  const bool is_built =
      building && OSSL_PARAM_BLD_push_utf8_string(building.get(), OSSL_PKEY_PARAM_GROUP_NAME, kCurve, 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(building.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1 &&
      (number == nullptr || OSSL_PARAM_BLD_push_BN(building.get(), OSSL_PKEY_PARAM_PRIV_KEY, number) == 1);
  const EcPart<OSSL_PARAM> parameters(is_built ? OSSL_PARAM_BLD_to_param(building.get()) : nullptr);
  const EcPart<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
      EVP_PKEY_fromdata(making.get(), &made, number != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        parameters.get()) != 1)
    return fail(Errc::invalid, "that is no key of P-256");
  return EcKey(made);
}

}  // namespace

Result<EcKey> new_ec_key() {
  EcKey key(EVP_EC_gen(kCurve));
  if (!key) return std::unexpected(no_key());
  return key;
}

Result<EcKey> ec_private_key(std::string_view number) {
  const EcPart<BIGNUM> value(BN_bin2bn(octets(number), static_cast<int>(number.size()), nullptr));
  const EcPart<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const EcPart<EC_POINT> point(group ? EC_POINT_new(group.get()) : nullptr);
  std::string bytes(kPointBytes, '\0');
  if (number.size() != kNumberBytes || !value || !point ||
      EC_POINT_mul(group.get(), point.get(), value.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets(bytes), bytes.size(),
                         nullptr) != bytes.size())
    return fail(Errc::invalid, "that is no number of P-256");
  return ec_key_of(bytes, value.get());
}

Result<std::string> ec_number(EVP_PKEY* key) {
  BIGNUM* value = nullptr;
  std::string out(kNumberBytes, '\0');
  const bool is_there = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &value) == 1;
  const EcPart<BIGNUM> owned(value);
  if (!is_there || BN_bn2binpad(value, octets(out), kNumberBytes) != kNumberBytes) return std::unexpected(no_key());
  return out;
}

Result<EcKey> ec_public_key(std::string_view point) {
  if (point.size() != kPointBytes) return fail(Errc::invalid, "that is no point of P-256");
  TRY(EcKey key, ec_key_of(point, nullptr));
  const EcPart<EVP_PKEY_CTX> checking(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checking || EVP_PKEY_public_check(checking.get()) != 1) return fail(Errc::invalid, "that is no point of P-256");
  return key;
}

Result<std::string> ec_point(EVP_PKEY* key) {
  std::string out(kPointBytes, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, octets(out), out.size(), &size) != 1 ||
      size != out.size())
    return std::unexpected(no_key());
  return out;
}

Result<std::string> ec_agree(EVP_PKEY* own, EVP_PKEY* other) {
  const EcPart<EVP_PKEY_CTX> agreeing(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  std::string out(kNumberBytes, '\0');
  std::size_t size = out.size();
  if (!agreeing || EVP_PKEY_derive_init(agreeing.get()) != 1 || EVP_PKEY_derive_set_peer(agreeing.get(), other) != 1 ||
      EVP_PKEY_derive(agreeing.get(), octets(out), &size) != 1 || size != out.size())
    return std::unexpected(no_key());
  return out;
}

Result<std::string> ec_sign(EVP_PKEY* key, std::string_view text) {
  const EcPart<EVP_MD_CTX> signing(EVP_MD_CTX_new());
  std::string der(128, '\0');
  std::size_t size = der.size();
  if (!signing || EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(signing.get(), octets(der), &size, octets(text), text.size()) != 1)
    return std::unexpected(no_key());
  const unsigned char* at = octets(der);
  const EcPart<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  std::string out(2 * kNumberBytes, '\0');
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), octets(out), kNumberBytes) != kNumberBytes ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), octets(out) + kNumberBytes, kNumberBytes) != kNumberBytes)
    return std::unexpected(no_key());
  return out;
}

std::string to_base64url(std::string_view bytes) {
  std::string out = to_base64(bytes);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  while (out.ends_with('=')) out.pop_back();
  return out;
}

}  // namespace kontor::transport
