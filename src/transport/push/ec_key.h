// SPDX-License-Identifier: AGPL-3.0-or-later
// Keys of P-256 as push has them: numbers, points and PEM. For this folder only.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::transport {

struct FreeEcKey {
  void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
};
using EcKey = std::unique_ptr<EVP_PKEY, FreeEcKey>;

Result<EcKey> new_ec_key();
// Of its number (32 bytes).
Result<EcKey> ec_private_key(std::string_view number);
Result<std::string> ec_number(EVP_PKEY* key);
// Of its point, uncompressed (65 bytes). Errors: invalid (also: it is not on the curve).
Result<EcKey> ec_public_key(std::string_view point);
Result<std::string> ec_point(EVP_PKEY* key);
// The x of the shared point (32 bytes).
Result<std::string> ec_agree(EVP_PKEY* own, EVP_PKEY* other);
// ES256: r and s (RFC 7518 section 3.4), 64 bytes.
Result<std::string> ec_sign(EVP_PKEY* key, std::string_view text);

// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);

}  // namespace kontor::transport
