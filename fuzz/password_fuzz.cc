// SPDX-License-Identifier: AGPL-3.0-or-later
// links: directory base
// Stored hashes and addresses as an attacker might have an administrator import them: login, password and hash, divided
// by NULs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "directory/address.h"
#include "directory/password.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_iterated(std::string_view hash) {
  std::string name = kontor::to_upper(hash);
  for (const char* family : {"CRYPT", "PBKDF2", "ARGON2", "SCRAM", "OTP"})
    if (name.contains(family)) return true;
  return name.contains('$') || name.starts_with('_');
}

void try_hash(std::string_view hash, std::string_view password, std::string_view login) {
  auto form = kontor::directory::check_hash_form(hash);
  // Each accepted cost may take a second, which is too long for a fuzzer: only the cheap families are run.
  bool is_cheap = form && !is_iterated(hash);
  if (!form) {
    // Too short to repeat a hash; the unit tests look for secrets in it.
    require(form.error().code == kontor::Errc::invalid && form.error().text.size() < 200);
    require(!kontor::directory::verify_password(hash, password, login));
  } else if (is_cheap) {
    bool fits = kontor::directory::verify_password(hash, password, login);
    require(fits == kontor::directory::verify_password(hash, password, login));
    require(!fits || (!password.empty() && password.size() <= kontor::directory::kMaxPassword));
  }
  if (auto clear = kontor::directory::clear_text(hash); clear && form)
    require(clear->empty() || clear->size() > kontor::directory::kMaxPassword || clear->contains('\0') ||
            kontor::directory::verify_password(hash, *clear, login));
}

void try_address(std::string_view text) {
  auto address = kontor::directory::parse_address(text);
  if (!address) {
    require(address.error().code == kontor::Errc::invalid && address.error().text.size() < 400);
    return;
  }
  std::string canonical = address->text();
  require(canonical.size() <= 254 && address->local.size() <= 64);
  auto again = kontor::directory::parse_address(canonical);
  require(again && again->text() == canonical);
  auto domain = kontor::directory::parse_domain(address->domain);
  require(domain && *domain == address->domain);
  if (auto rest = address->without_detail()) {
    auto shorter = kontor::directory::parse_address(*rest);
    // "a.+x" has a detail, but "a." is no local part: nobody can have that address.
    require(!shorter || shorter->text() == *rest);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::size_t first = input.find('\0');
  std::string_view login = input.substr(0, first);
  std::string_view rest = first == input.npos ? std::string_view() : input.substr(first + 1);
  std::size_t second = rest.find('\0');
  std::string_view password = rest.substr(0, second);
  try_hash(second == rest.npos ? rest : rest.substr(second + 1), password, login);
  try_address(login);
  return 0;
}
