// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/app_password.h"

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::directory {
namespace {

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kSecretLength = 20;
constexpr std::size_t kGroup = 4;
constexpr std::size_t kAppSalt = 16;

std::string without_groups(std::string_view typed) {
  if (typed.size() > 2 * kSecretLength) return {};
  std::string out = to_lower(typed);
  std::erase_if(out, [](char c) { return c == '-' || c == ' '; });
  return out;
}

// One SHA-256 is enough here, unlike for what people choose: of 2^100 equally likely secrets nobody tries a part worth
// mentioning, however fast the hash. A slow one would only make each login of a phone slow.
std::string app_digest(std::string_view salt, std::string_view letters) {
  return sha256(std::string(salt).append(letters));
}

}  // namespace

std::string new_app_secret() {
  std::string letters = random_bytes(kSecretLength);
  for (char& c : letters) c = kBase32[static_cast<unsigned char>(c) % kBase32.size()];
  return shown_form(letters);
}

std::string shown_form(std::string_view typed) {
  std::string out;
  for (const char letter : without_groups(typed)) {
    if (!out.empty() && (out.size() + 1) % (kGroup + 1) == 0) out.push_back('-');
    out.push_back(letter);
  }
  return out;
}

StoredAppPassword stored_app_password(const AppPassword& info, std::string_view secret) {
  std::string salt = random_bytes(kAppSalt);
  return {info, salt, app_digest(salt, without_groups(secret))};
}

bool fits_app_password(const StoredAppPassword& stored, std::string_view typed) {
  std::string letters = without_groups(typed);
  return letters.size() == kSecretLength && equal_constant_time(app_digest(stored.salt, letters), stored.digest);
}

}  // namespace kontor::directory
