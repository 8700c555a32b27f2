// SPDX-License-Identifier: AGPL-3.0-or-later
// The directory's keys and values in the store (directory.fbs, docs/formats/directory.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "directory/principal.h"
#include "directory/scram.h"

namespace kontor::directory {

struct Head {
  std::uint64_t last_id = 0;
  std::uint64_t revision = 0;
  std::string secret{};
};

struct StoredAppPassword {
  AppPassword info;
  std::string salt;
  std::string digest;
};

struct Credentials {
  std::string hash;  // empty: no password
  std::vector<StoredAppPassword> app_passwords;
  std::string scram_salt{};
  std::uint32_t scram_rounds = 0;
  std::vector<ScramKeys> scram{};

  // Null if that password has none; 0 is the principal's own.
  const ScramKeys* scram_keys(std::uint64_t app_password) const;
};
// Whether some password has no keys for SCRAM yet.
bool lacks_scram(const Credentials& credentials);

struct StoredPrincipal {
  Principal principal;
  std::optional<Instant> removed;  // then only id, tenant, kind, name, addresses, created and list_revision
};

inline constexpr std::string_view kHeadKey = "h";
std::string record_key(TenantId id);
std::string record_key(DomainId id);
std::string record_key(PrincipalId id);
std::string credentials_key(PrincipalId id);
std::string shares_key(PrincipalId owner);
std::string photo_key(PrincipalId id);  // in Space::content: the file's bytes

// The kind of record ('h', 't', 'd', 'p', 'c', 's') and its id; nothing if it is no key of the directory.
struct ParsedKey {
  char kind = 0;
  std::uint64_t id = 0;
};
std::optional<ParsedKey> parse_key(std::string_view key);

std::string encode(const Head& head);
std::string encode(const Tenant& tenant);
std::string encode(const Domain& domain);
std::string encode(const StoredPrincipal& stored);
std::string encode(const Credentials& credentials);
std::string encode(const Shares& shares);

// Errors: corrupt.
Result<Head> decode_head(std::string_view value);
Result<Tenant> decode_tenant(TenantId id, std::string_view value);
Result<Domain> decode_domain(DomainId id, std::string_view value);
Result<StoredPrincipal> decode_principal(PrincipalId id, std::string_view value);
Result<Credentials> decode_credentials(PrincipalId id, std::string_view value);
Result<Shares> decode_shares(PrincipalId owner, std::string_view value);

}  // namespace kontor::directory
