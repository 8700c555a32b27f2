// SPDX-License-Identifier: AGPL-3.0-or-later
// Password hashes: Argon2id for new ones, and every form that systems people leave have stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::directory {

// Bytes. Longer passwords match nothing, and neither do empty ones nor those with a NUL.
constexpr std::size_t kMaxPassword = 1024;

// A PHC string "$argon2id$v=19$m=..,t=..,p=1$salt$hash".
std::string hash_password(std::string_view password, std::uint32_t memory_kib, std::uint32_t passes);

// Whether `hash` is anything but an Argon2id hash of at least that cost: then a proven password is to be hashed anew.
bool needs_rehash(std::string_view hash, std::uint32_t memory_kib, std::uint32_t passes);

// The password itself if `hash` is only a wrapping of it ({PLAIN} and its other names), so that it need not be stored
// so.
std::optional<std::string> clear_text(std::string_view hash);

// Whether verify_password needs the login name for this hash.
bool needs_login(std::string_view hash);

// Whether `hash` has a form that verify_password understands, with costs it is willing to pay.
// Errors: invalid (which form or which cost).
Result<void> check_hash_form(std::string_view hash);

// Whether `password` is the one behind `hash`. `login` is needed by {DIGEST-MD5} only. Bounded in time and memory:
// costs above the limits of check_hash_form are refused as not matching. Never throws on bad input.
bool verify_password(std::string_view hash, std::string_view password, std::string_view login);

}  // namespace kontor::directory
