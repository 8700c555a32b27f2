// SPDX-License-Identifier: AGPL-3.0-or-later
// Keys of DKIM by libcrypto. For dkim_*.cc.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/auth/dkim.h"

namespace kontor::transport {

struct FreePkey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Pkey = std::unique_ptr<EVP_PKEY, FreePkey>;

enum class DkimAlgorithm : std::uint8_t { rsa, ed25519 };

// From the p= of a key record, decoded. Errors: invalid (no key, or too short
// or long a one).
Result<Pkey> public_key(DkimAlgorithm algorithm, std::string_view bytes);

// Over SHA-256 of `header`; RFC 8463 section 3 signs that hash itself.
bool is_signed_by(DkimAlgorithm algorithm, EVP_PKEY* key, std::string_view header, std::string_view signature);
Result<std::string> sign_with(DkimAlgorithm algorithm, EVP_PKEY* key, std::string_view header);

struct DkimKey::State {
  Pkey key;
  DkimAlgorithm algorithm = DkimAlgorithm::rsa;
};

}  // namespace kontor::transport
