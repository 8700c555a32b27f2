// SPDX-License-Identifier: AGPL-3.0-or-later
// A connection to an LDAP directory, which is only read. Only this file's implementation knows libldap.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::migrate::kopano {

enum class LdapTls : std::uint8_t {
  automatic,  // verified, but for sockets and hosts that are this one
  verified,   // the certificate must be the host's
  encrypted,  // any certificate
  none,
};

enum class LdapLogin : std::uint8_t {
  simple,    // by DN and password, or nobody
  external,  // as the user of the system that runs this, over ldapi: alone (SASL's EXTERNAL)
};

struct LdapOptions {
  std::string url;                   // ldap:, ldaps: or ldapi:; of several, between blanks, the first that answers
  LdapTls tls = LdapTls::automatic;  // of ldap: by StartTLS
  std::string ca_file;               // empty = the system's
  LdapLogin login = LdapLogin::simple;
  std::string bind_dn, password;              // of `simple`; no DN: nobody logs in
  std::chrono::milliseconds timeout{30'000};  // of connecting and of each wait for the server
};

struct LdapEntry {
  std::string dn;
  // Names in lower case, with their options ("member;range=0-1499"); values in the server's order, bytes.
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;

  // `name` in any case. Null: the entry has none, or its reader may not see it.
  const std::vector<std::string>* values(std::string_view name) const;
  std::string_view value(std::string_view name) const;  // the first; "" without one
};

struct LdapQuery {
  std::string base;
  bool is_deep = true;                  // all below the base, else it alone
  std::string filter;                   // RFC 4515; empty: all
  std::vector<std::string> attributes;  // those that are wanted; {"1.1"}: none
};

using TakeLdapEntry = std::function<Result<void>(LdapEntry)>;
// Visits what a query finds. Errors: denied, not_found (the base), invalid (the filter), too_large (the server gives
// only some), unavailable, those of `take`, which end the visit.
using LdapSearch = std::function<Result<void>(const LdapQuery& query, const TakeLdapEntry& take)>;

// One thread at a time.
class LdapClient {
 public:
  // Connects and logs in. Errors: denied (the login), unavailable (no connection, or no trust in it), invalid
  // (options).
  static Result<std::unique_ptr<LdapClient>> open(const LdapOptions& options);
  ~LdapClient();
  LdapClient(const LdapClient&) = delete;
  LdapClient& operator=(const LdapClient&) = delete;

  // An LdapSearch. By pages (RFC 2696) where the server has them; memory is one entry's. Referrals to other servers are
  // not followed.
  Result<void> search(const LdapQuery& query, const TakeLdapEntry& take);

 private:
  struct Handle;
  explicit LdapClient(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
};

// A DN in the form that all writings of it share, and after it those of what it lies below, the nearest first. Empty:
// it is none.
std::vector<std::string> lineage_of_dn(const std::string& dn);

}  // namespace kontor::migrate::kopano
