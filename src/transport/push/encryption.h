// SPDX-License-Identifier: AGPL-3.0-or-later
// Encryption of what a device is told (RFC 8291), which the push service cannot read. Pure but for its random bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::transport {

// What is chosen anew for each message: by tests, else at random.
struct PushChoice {
  std::string private_key;  // 32 bytes: a number of P-256
  std::string salt;         // 16 bytes
};
Result<PushChoice> random_push_choice();

// The body of a request with Content-Encoding aes128gcm (RFC 8188), of one record. `key` and `secret` are the device's
// ("p256dh" and "auth"); `padding` bytes hide how long `text` is. Errors: invalid (the key), too_large (text and
// padding are more than 3,993 bytes).
Result<std::string> encrypt_push(std::string_view key, std::string_view secret, std::string_view text,
                                 std::size_t padding, const PushChoice& choice);

}  // namespace kontor::transport
