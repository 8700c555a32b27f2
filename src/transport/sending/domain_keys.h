// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys with which mail of our domains is signed (DKIM): made here, kept in the store, never printed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "transport/auth/dkim.h"

namespace kontor::store {
class Engine;
}

namespace kontor::transport {

enum class DomainKeyKind : std::uint8_t { rsa, ed25519 };
// waiting: not used yet, so that DNS can be told first. retired: a newer one of its kind is used; DNS still needs it
// for mail on its way.
enum class DomainKeyState : std::uint8_t { waiting, active, retired };
std::string_view name(DomainKeyState state);

struct DomainKeyInfo {
  std::string domain, selector;
  DomainKeyKind kind = DomainKeyKind::rsa;
  DomainKeyState state = DomainKeyState::active;
  Instant created{}, active_from{};
  // What DNS must say.
  std::string record_name;  // "k2026a._domainkey.example.org"
  std::string record;       // "v=DKIM1; k=rsa; p=..."
};

// Thread-safe. All but sign() and list() write to the store and block.
class DomainKeys {
 public:
  // All must outlive it. Errors: unavailable, corrupt.
  static Result<std::unique_ptr<DomainKeys>> open(store::Engine& engine, const Clock& clock);
  ~DomainKeys();

  // A pair of new keys (RSA of 2048 bits and Ed25519) which is used from `delay` on; until then the former ones are.
  Result<std::vector<DomainKeyInfo>> add(const std::string& domain, std::chrono::seconds delay);
  // By domain and age; empty = of all domains.
  std::vector<DomainKeyInfo> list(const std::string& domain) const;
  // Empty = all keys of the domain. Errors: not_found.
  Result<void> remove(const std::string& domain, const std::string& selector);

  bool has(const std::string& domain) const;

  // Signs one message for its domain with the active keys. Fed like a DkimSigner; finish() gives all fields.
  class Signing {
   public:
    void feed(std::string_view piece);
    Result<std::string> finish();

   private:
    friend class DomainKeys;
    std::vector<std::shared_ptr<const DkimKey>> keys_;
    std::vector<DkimSigner> signers_;
  };
  // Signs nothing if the domain has no key.
  Signing sign(const std::string& domain) const;

  // The active RSA key, with which ARC is sealed. Null if the domain has none.
  struct Sealing {
    std::string selector;
    std::shared_ptr<const DkimKey> key;
  };
  Sealing sealing(const std::string& domain) const;

 private:
  struct Stored;
  DomainKeys(store::Engine& engine, const Clock& clock);
  DomainKeyInfo info(const Stored& key, const std::vector<Stored>& all) const;
  Result<void> load();

  store::Engine& engine_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Stored>> keys_;  // of a domain, by age
};

}  // namespace kontor::transport
