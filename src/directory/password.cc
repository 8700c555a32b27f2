// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/password.h"

#include "directory/passwords/scheme.h"

namespace kontor::directory {

Result<void> check_hash_form(std::string_view hash) {
  TRY_VOID(passwords::prepare(hash));
  return {};
}

bool verify_password(std::string_view hash, std::string_view password, std::string_view login) {
  // crypt(3) would take a password up to its first NUL only; no other scheme has one either.
  if (password.empty() || password.size() > kMaxPassword || password.contains('\0')) return false;
  auto matcher = passwords::prepare(hash);
  return matcher && (*matcher)({password, login});
}

std::optional<std::string> clear_text(std::string_view hash) { return passwords::clear_text(hash); }

bool needs_login(std::string_view hash) { return passwords::needs_login(hash); }

}  // namespace kontor::directory
