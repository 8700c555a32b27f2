// SPDX-License-Identifier: AGPL-3.0-or-later
// Passwords, app passwords and logins.
#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/address.h"
#include "directory/app_password.h"
#include "directory/password.h"
#include "directory/rules.h"
#include "directory/stored_directory.h"

namespace kontor::directory {
namespace {

constexpr const char* kNotAllowed = "the name or the password is wrong, or this login is not allowed";

Result<const Principal*> with_login(const Roster& roster, PrincipalId id) {
  const Principal* found = roster.principal(id);
  if (found == nullptr) return fail(Errc::not_found, fmt::format("there is no principal {}", id.value));
  if (found->kind == PrincipalKind::group)
    return fail(Errc::invalid, fmt::format("{} cannot have a password: groups do not log in", described(*found)));
  return found;
}

Credentials credentials_of(const Roster& roster, PrincipalId id) {
  const Credentials* found = roster.credentials(id);
  return found == nullptr ? Credentials{} : *found;
}

bool has(std::uint32_t mask, Protocol protocol) { return (mask & static_cast<std::uint32_t>(protocol)) != 0; }

bool may_log_in(const Roster& roster, const Principal& principal, Protocol protocol) {
  return principal.kind != PrincipalKind::group && roster.effective_status(principal) == Status::active &&
         has(principal.protocols, protocol);
}

// {DIGEST-MD5} has the login name of the former server in it: it may have been any of the addresses.
bool fits(const std::string& hash, std::string_view password, std::string_view login, const Principal& principal) {
  if (verify_password(hash, password, login)) return true;
  return needs_login(hash) && std::ranges::any_of(principal.addresses, [&](const std::string& address) {
           return verify_password(hash, password, address) ||
                  verify_password(hash, password, std::string_view(address).substr(0, address.rfind('@')));
         });
}

}  // namespace

bool StoredDirectory::may_use(PrincipalId id, Protocol protocol) const {
  const auto roster = current();
  const Principal* found = roster->principal(id);
  return found != nullptr && may_log_in(*roster, *found, protocol);
}

// Made before the change begins, since it takes time; with the salt that the principal's other keys have.
StoredDirectory::MadeKeys StoredDirectory::make_keys(PrincipalId id, std::string_view password) const {
  MadeKeys made;
  if (cost_.scram == ScramUse::never) return made;
  const Credentials now = credentials_of(*current(), id);
  made.salt = now.scram.empty() ? random_bytes(kScramSalt) : now.scram_salt;
  made.rounds = now.scram.empty() ? cost_.scram_rounds : now.scram_rounds;
  made.keys = make_scram_keys(password, made.salt, made.rounds);
  return made;
}

void StoredDirectory::put_keys(Credentials& credentials, std::uint64_t app_password, const MadeKeys& made,
                               std::string_view password) {
  std::erase_if(credentials.scram, [&](const ScramKeys& keys) { return keys.app_password == app_password; });
  if (made.rounds == 0) {
    credentials.scram.clear();
    return;
  }
  ScramKeys keys = made.keys;
  if (!credentials.scram.empty() && credentials.scram_salt != made.salt) {  // others came meanwhile
    keys = make_scram_keys(password, credentials.scram_salt, credentials.scram_rounds);
  } else {
    credentials.scram_salt = made.salt;
    credentials.scram_rounds = made.rounds;
  }
  keys.app_password = app_password;
  credentials.scram.push_back(std::move(keys));
}

Result<void> StoredDirectory::store_hash(PrincipalId id, const std::string& hash,
                                         std::optional<std::string_view> password) {
  const MadeKeys made = password ? make_keys(id, *password) : MadeKeys();
  return change([&](Draft& draft) -> Result<void> {
    TRY_VOID(with_login(draft.roster(), id));
    Credentials credentials = credentials_of(draft.roster(), id);
    credentials.hash = hash;
    std::erase_if(credentials.scram, [](const ScramKeys& keys) { return keys.app_password == 0; });
    if (password) put_keys(credentials, 0, made, *password);
    draft.put(id, credentials);
    return {};
  });
}

Result<void> StoredDirectory::set_password(PrincipalId id, std::string_view password) {
  if (password.empty()) return fail(Errc::invalid, "a password cannot be empty");
  if (password.size() > kMaxPassword)
    return fail(Errc::invalid, fmt::format("a password cannot be longer than {} bytes", kMaxPassword));
  if (password.contains('\0')) return fail(Errc::invalid, "a password cannot have a NUL in it");
  TRY_VOID(with_login(*current(), id));  // before the costly part; store_hash looks again
  return store_hash(id, hash_password(password, cost_.memory_kib, cost_.passes), password);
}

Result<void> StoredDirectory::set_password_hash(PrincipalId id, std::string_view hash) {
  TRY_VOID(check_hash_form(hash));
  if (auto password = clear_text(hash)) return set_password(id, *password);
  return store_hash(id, std::string(hash), std::nullopt);
}

Result<bool> StoredDirectory::bring_password_hash(PrincipalId id, std::string_view hash, std::string_view former) {
  TRY_VOID(check_hash_form(hash));
  const auto may_bring = [&](const Roster& roster) {
    const std::string now = credentials_of(roster, id).hash;
    return now.empty() || (!former.empty() && sha256(now) == former);
  };
  if (const auto password = clear_text(hash)) {
    if (!may_bring(*current())) return false;
    TRY_VOID(set_password(id, *password));
    return true;
  }
  bool is_brought = false;
  TRY_VOID(change([&](Draft& draft) -> Result<void> {
    is_brought = may_bring(draft.roster());
    TRY_VOID(with_login(draft.roster(), id));
    if (!is_brought) return {};
    Credentials credentials = credentials_of(draft.roster(), id);
    credentials.hash = hash;
    std::erase_if(credentials.scram, [](const ScramKeys& keys) { return keys.app_password == 0; });
    draft.put(id, credentials);
    return {};
  }));
  return is_brought;
}

std::string StoredDirectory::password_hash_digest(PrincipalId id) const {
  const std::string hash = credentials_of(*current(), id).hash;
  return hash.empty() ? std::string() : sha256(hash);
}

Result<NewAppPassword> StoredDirectory::add_app_password(PrincipalId id, std::string label, std::uint32_t protocols) {
  if (label.empty()) return fail(Errc::invalid, "an app password needs a label");
  TRY_VOID(check_label("the label", label, kMaxAppPasswordLabel));
  if (protocols == 0) return fail(Errc::invalid, "an app password needs at least one protocol");
  NewAppPassword added;
  added.secret = new_app_secret();
  const MadeKeys made = make_keys(id, added.secret);
  TRY_VOID(change([&](Draft& draft) -> Result<void> {
    TRY(const Principal* principal, with_login(draft.roster(), id));
    Credentials credentials = credentials_of(draft.roster(), id);
    if (credentials.app_passwords.size() >= kMaxAppPasswords)
      return fail(Errc::invalid, fmt::format("{} has {} app passwords already: remove one first", described(*principal),
                                             kMaxAppPasswords));
    added.info = AppPassword{draft.take_id(), label, clock_.now(), protocols};
    credentials.app_passwords.push_back(stored_app_password(added.info, added.secret));
    put_keys(credentials, added.info.id, made, added.secret);
    draft.put(id, credentials);
    return {};
  }));
  return added;
}

std::vector<AppPassword> StoredDirectory::app_passwords(PrincipalId id) const {
  const auto roster = current();
  std::vector<AppPassword> out;
  if (const Credentials* credentials = roster->credentials(id))
    for (const StoredAppPassword& stored : credentials->app_passwords) out.push_back(stored.info);
  return out;
}

Result<void> StoredDirectory::remove_app_password(PrincipalId id, std::uint64_t app_password) {
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Principal* principal, with_login(draft.roster(), id));
    Credentials credentials = credentials_of(draft.roster(), id);
    auto is_it = [&](const StoredAppPassword& stored) { return stored.info.id == app_password; };
    if (std::erase_if(credentials.app_passwords, is_it) == 0)
      return fail(Errc::not_found, fmt::format("{} has no app password {}", described(*principal), app_password));
    std::erase_if(credentials.scram, [&](const ScramKeys& keys) { return keys.app_password == app_password; });
    draft.put(id, credentials);
    return {};
  });
}

// The quick ways first. What fails costs an Argon2 of our own in any case: the principal's own hash, or the dummy where
// that hash was of another kind. So an answer does not tell whether there is such a name.
bool StoredDirectory::proves(const Principal& principal, const Credentials& credentials, std::string_view login,
                             std::string_view password, Protocol protocol) {
  const std::string& hash = credentials.hash;
  if (!hash.empty() && cache_.knows(principal.id, hash, password)) return true;
  for (const StoredAppPassword& stored : credentials.app_passwords)
    if (has(stored.info.protocols, protocol) && fits_app_password(stored, password)) {
      renew(principal, credentials, stored.info.id, shown_form(password));
      return true;
    }
  if (!hash.empty() && fits(hash, password, login, principal)) {
    cache_.remember(principal.id, hash, password);
    renew(principal, credentials, 0, password);
    return true;
  }
  if (hash.empty() || needs_rehash(hash, cost_.memory_kib, cost_.passes)) verify_password(dummy_hash_, password, {});
  return false;
}

// A failure is no failure of the login: the next one tries again.
void StoredDirectory::renew(const Principal& principal, const Credentials& proven, std::uint64_t app_password,
                            std::string_view password) {
  const bool is_own = app_password == 0;
  const bool is_weak = is_own && needs_rehash(proven.hash, cost_.memory_kib, cost_.passes);
  const bool lacks_keys = cost_.scram != ScramUse::never && proven.scram_keys(app_password) == nullptr;
  if (!is_weak && !lacks_keys) return;
  const std::string hash = is_weak ? hash_password(password, cost_.memory_kib, cost_.passes) : proven.hash;
  const MadeKeys made = lacks_keys ? make_keys(principal.id, password) : MadeKeys();
  auto done = change([&](Draft& draft) -> Result<void> {
    Credentials credentials = credentials_of(draft.roster(), principal.id);
    const bool is_there = is_own ? credentials.hash == proven.hash
                                 : std::ranges::any_of(credentials.app_passwords, [&](const StoredAppPassword& stored) {
                                     return stored.info.id == app_password;
                                   });
    if (!is_there) return {};  // changed meanwhile
    if (is_own) credentials.hash = hash;
    if (lacks_keys) put_keys(credentials, app_password, made, password);
    draft.put(principal.id, credentials);
    return {};
  });
  if (!done)
    log::warn("directory.renew.failed", {{"principal", principal.id.value}, {"error", done.error().text}});
  else if (is_own)
    cache_.remember(principal.id, hash, password);
}

Result<Principal> StoredDirectory::authenticate(std::string_view login, std::string_view password, Protocol protocol) {
  TRY_VOID(refresh());
  const auto roster = current();
  auto address = parse_address(login);
  const Principal* found = address ? roster->by_address(address->text()) : nullptr;
  const Credentials* credentials = found == nullptr ? nullptr : roster->credentials(found->id);
  bool proven = false;
  if (credentials != nullptr && may_log_in(*roster, *found, protocol))
    proven = proves(*found, *credentials, login, password, protocol);
  else
    verify_password(dummy_hash_, password, {});
  if (!proven) return fail(Errc::denied, kNotAllowed);
  return *found;
}

std::optional<Principal> StoredDirectory::recognize(std::string_view login, std::string_view password,
                                                    Protocol protocol) const {
  const auto roster = current();
  auto address = parse_address(login);
  const Principal* found = address ? roster->by_address(address->text()) : nullptr;
  const Credentials* credentials = found == nullptr ? nullptr : roster->credentials(found->id);
  if (credentials == nullptr || !may_log_in(*roster, *found, protocol)) return std::nullopt;
  if (!credentials->hash.empty() && cache_.knows(found->id, credentials->hash, password)) return *found;
  for (const StoredAppPassword& stored : credentials->app_passwords) {
    // One without keys for SCRAM is left to authenticate(), which makes them.
    const bool is_whole = cost_.scram == ScramUse::never || credentials->scram_keys(stored.info.id) != nullptr;
    if (is_whole && has(stored.info.protocols, protocol) && fits_app_password(stored, password)) return *found;
  }
  return std::nullopt;
}

bool StoredDirectory::has_scram() const {
  if (cost_.scram != ScramUse::automatic) return cost_.scram == ScramUse::always;
  const auto roster = current();
  return roster->with_password() > 0 && roster->without_scram() == 0;
}

ScramChallenge StoredDirectory::scram_challenge(std::string_view login) const {
  const auto roster = current();
  auto address = parse_address(login);
  const Principal* found = address ? roster->by_address(address->text()) : nullptr;
  const Credentials* credentials = found == nullptr ? nullptr : roster->credentials(found->id);
  if (credentials != nullptr && !credentials->scram.empty())
    return {credentials->scram_salt, credentials->scram_rounds};
  const std::string& secret = roster->head().secret.empty() ? dummy_hash_ : roster->head().secret;
  return {made_up_salt(secret, address ? address->text() : login), cost_.scram_rounds};
}

Result<ScramSuccess> StoredDirectory::authenticate_scram(std::string_view login, const ScramProof& proof,
                                                         Protocol protocol) {
  TRY_VOID(refresh());
  const auto roster = current();
  auto address = parse_address(login);
  const Principal* found = address ? roster->by_address(address->text()) : nullptr;
  const Credentials* credentials = found == nullptr ? nullptr : roster->credentials(found->id);
  if (credentials != nullptr && cost_.scram != ScramUse::never && may_log_in(*roster, *found, protocol)) {
    for (const ScramKeys& keys : credentials->scram) {
      const bool may_use = keys.app_password == 0 ||
                           std::ranges::any_of(credentials->app_passwords, [&](const StoredAppPassword& stored) {
                             return stored.info.id == keys.app_password && has(stored.info.protocols, protocol);
                           });
      if (may_use && proves_scram(keys, proof.hash, proof.auth_message, proof.proof))
        return ScramSuccess{*found, scram_signature(keys, proof.hash, proof.auth_message)};
    }
  }
  return fail(Errc::denied, kNotAllowed);
}

Result<Principal> StoredDirectory::authenticate_proven(std::string_view login, Protocol protocol) {
  TRY_VOID(refresh());
  const auto roster = current();
  auto address = parse_address(login);
  const Principal* found = address ? roster->by_address(address->text()) : nullptr;
  if (found == nullptr || !may_log_in(*roster, *found, protocol)) return fail(Errc::denied, kNotAllowed);
  return *found;
}

}  // namespace kontor::directory
