// SPDX-License-Identifier: AGPL-3.0-or-later
// The directory's door: look-ups for every protocol and delivery, changes for administration, logins.
//
// Invariants: 1. an address or domain belongs to exactly one principal or tenant; 2. ids are never reused, also not
// after a removal or a crash; 3. a principal's addresses are in domains of its own tenant; 4. everything is read from
// one in-memory copy that is replaced as a whole after each durable commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "directory/principal.h"
#include "directory/scram.h"
#include "directory/shares.h"

namespace kontor::store {
class Engine;
}

namespace kontor::directory {

struct NewPrincipal {
  PrincipalKind kind = PrincipalKind::user;
  std::string address;
  std::string name;
  Status status = Status::active;
  std::optional<std::uint64_t> quota;
};

// What an address leads to.
struct Recipient {
  PrincipalId principal;
  std::string detail;  // the part after "+" (RFC 5233), empty if none
};

// An app password as it is listed: the secret itself is shown once, when made.
struct AppPassword {
  std::uint64_t id = 0;
  std::string label;
  Instant created{};
  std::uint32_t protocols = kAllProtocols;
};
struct NewAppPassword {
  AppPassword info;
  std::string secret;
};

// Whether SCRAM keys are kept, and SCRAM announced. Clients choose it wherever it is announced, and then do not fall
// back to another mechanism: `automatic` announces it once every password that is set here has its keys.
enum class ScramUse : std::uint8_t { automatic, always, never };

// How much a login's password hash may cost, and for new ones. Tests use weaker ones.
struct HashCost {
  std::uint32_t memory_kib = 19 * 1024;  // Argon2id, OWASP's second choice
  std::uint32_t passes = 2;
  ScramUse scram = ScramUse::automatic;
  std::uint32_t scram_rounds = 20'000;  // the client pays them at each login
};

// What the server says first in SCRAM (RFC 5802 section 5.1).
struct ScramChallenge {
  std::string salt;
  std::uint32_t rounds = 0;
};
// What the client answers, and over which text.
struct ScramProof {
  ScramHash hash = ScramHash::sha256;
  std::string auth_message;
  std::string proof;
};
struct ScramSuccess {
  Principal principal;
  std::string signature;  // proves to the client that the server knows the password
};

// Whom a change may concern.
struct Touched {
  bool everyone = false;  // a tenant changed, or more than is known
  std::vector<PrincipalId> principals;
};

// What changed in a tenant's list of people, by revision.
struct ListChanges {
  struct Gone {
    PrincipalId id;
    std::uint64_t revision = 0;
  };
  std::uint64_t revision = 0;      // the list's now
  std::vector<Principal> present;  // new or changed
  std::vector<Gone> gone;          // no longer in the list, or in it never
};

// Ends the watching when destroyed; blocks while its function runs on another thread.
class Watch {
 public:
  virtual ~Watch() = default;
};

// Thread-safe. Everything but look-ups blocks: call it from a worker.
class Directory {
 public:
  // Reads the whole directory. Errors: unavailable, corrupt. `engine` and `clock` must outlive it.
  static Result<std::unique_ptr<Directory>> open(store::Engine& engine, const Clock& clock, HashCost cost = {});
  virtual ~Directory() = default;

  // Look-ups: in memory, never block. Errors: not_found.
  virtual Result<Tenant> tenant(TenantId id) const = 0;
  virtual Result<Tenant> tenant(std::string_view name) const = 0;
  virtual std::vector<Tenant> tenants() const = 0;
  virtual Result<Domain> domain(std::string_view name) const = 0;
  virtual std::vector<Domain> domains(TenantId tenant) const = 0;  // TenantId() = of all tenants
  virtual Result<Principal> principal(PrincipalId id) const = 0;
  virtual Result<Principal> by_address(std::string_view address) const = 0;  // exact, any of its addresses
  virtual std::vector<Principal> principals(TenantId tenant) const = 0;      // TenantId() = of all tenants
  virtual Result<Principal> by_account(AccountId account) const = 0;
  // Of the principal or, where it has none, of its tenant; 0 = unlimited.
  virtual std::uint64_t quota_bytes(PrincipalId id) const = 0;
  virtual std::uint64_t quota_messages(PrincipalId id) const = 0;  // 0 = unlimited
  // All groups that the principal is in, also through other groups.
  virtual std::vector<PrincipalId> groups_of(PrincipalId id) const = 0;

  // Of a member of a shared mailbox, the best of what it has itself and by its groups; nothing if it is none.
  virtual std::optional<MemberRole> member_role(PrincipalId mailbox, PrincipalId who) const = 0;
  virtual SendRight send_right(PrincipalId who, PrincipalId as) const = 0;
  // What is noted of an account's sharing: at least what is true.
  virtual Shares shares(AccountId account) const = 0;
  // Whether the account may have folders of these kinds (Share::kinds) that show to the principal, as a member or by
  // what is noted for it, its groups or everyone.
  virtual bool shows_to(AccountId account, PrincipalId who, std::uint32_t kinds) const = 0;
  // The principals whose accounts shows_to() is true for, each once: first the shared mailboxes that it is a member of.
  virtual std::vector<PrincipalId> sharing_with(PrincipalId who, std::uint32_t kinds) const = 0;

  // The tenant's list of people: its principals but those that are hidden or suspended. Its revision grows with every
  // change that shows in it, also in what members a group shows; never again the same, also after a restart.
  virtual std::uint64_t list_revision(TenantId tenant) const = 0;
  // What changed after revision `since`; from 0 all that is there, and nothing is gone. Takes time by the size of the
  // directory: some milliseconds for 50,000 principals.
  virtual ListChanges list_changes(TenantId tenant, std::uint64_t since) const = 0;
  // A UUID that is this principal's for ever, also under other addresses, and of no other on any server.
  virtual std::string uuid(PrincipalId id) const = 0;

  // Delivery: exact address, else without sub-address, else the domain's catch-all. Groups are not expanded here.
  // Errors: not_found (nobody), denied (domain is not ours), unavailable (suspended).
  virtual Result<Recipient> resolve(std::string_view address) const = 0;
  // The accounts that get mail sent to the principal: itself, or a group's members through nested groups, each once,
  // suspended ones left out.
  virtual std::vector<PrincipalId> expand(PrincipalId id) const = 0;

  // Changes. Each is durable when it returns. Errors: exists, not_found, invalid (with what is wrong), unavailable.
  virtual Result<Tenant> add_tenant(std::string name) = 0;
  virtual Result<void> update_tenant(const Tenant& tenant) = 0;
  virtual Result<void> remove_tenant(TenantId id) = 0;  // conflict while it has domains or principals
  virtual Result<Domain> add_domain(TenantId tenant, std::string name) = 0;
  virtual Result<void> update_domain(const Domain& domain) = 0;
  virtual Result<void> remove_domain(DomainId id) = 0;                         // conflict while addresses use it
  virtual Result<Principal> add_principal(const NewPrincipal& principal) = 0;  // its tenant is the address's domain's
  // Replaces all but id, tenant, kind, created, photo and list_revision.
  virtual Result<void> update_principal(const Principal& principal) = 0;
  virtual Result<void> remove_principal(PrincipalId id) = 0;
  // A JPEG or PNG file of at most kMaxPhoto bytes, or nothing: none. Errors: too_large, invalid, not_found.
  virtual Result<void> set_photo(PrincipalId id, std::string_view bytes) = 0;
  // Its file's bytes. Errors: not_found (it has none), unavailable.
  virtual Result<std::string> photo(PrincipalId id) = 0;

  // Replaces what is noted of an account's sharing: for the core alone, which keeps it. Errors: not_found.
  virtual Result<void> set_shares(AccountId account, const Shares& shares) = 0;

  // Passwords. The principal's old password and the verification cache end with the change.
  virtual Result<void> set_password(PrincipalId id, std::string_view password) = 0;
  // A hash of another system, kept as it is until the first login proves the password, then made anew with Argon2id;
  // only a {PLAIN} one is made anew at once. Errors: invalid (no known scheme; the sentence names the prefix but not
  // the hash).
  virtual Result<void> set_password_hash(PrincipalId id, std::string_view hash) = 0;
  // The same for a hash that is brought by a migration: never instead of a password that was set or proven here. It is
  // taken where there is none, or where there is one whose SHA-256 is `former`: what was brought before. False: the
  // password here stays. Errors: as set_password_hash().
  virtual Result<bool> bring_password_hash(PrincipalId id, std::string_view hash, std::string_view former) = 0;
  virtual Result<NewAppPassword> add_app_password(PrincipalId id, std::string label, std::uint32_t protocols) = 0;
  virtual std::vector<AppPassword> app_passwords(PrincipalId id) const = 0;
  virtual Result<void> remove_app_password(PrincipalId id, std::uint64_t app_password) = 0;

  // Checks a login name (any of the principal's addresses) and a password or app password. Takes the same time whether
  // or not the name exists. Errors: denied (wrong name or password, or not allowed: one sentence for all),
  // unavailable. Repeated logins with the same password are cheap: a keyed digest is remembered for some minutes.
  virtual Result<Principal> authenticate(std::string_view login, std::string_view password, Protocol protocol) = 0;

  // The principal, if this very login is known to succeed without a costly hash: its password was proven not long ago,
  // or it is an app password. In memory, never blocks. Nothing says nothing: authenticate then. Whoever asks must bound
  // how often, as for authenticate: what is nothing may be a guess.
  virtual std::optional<Principal> recognize(std::string_view login, std::string_view password,
                                             Protocol protocol) const = 0;

  // Whether the principal may be logged in by this protocol: it is there and active, and so is its tenant. In memory,
  // never blocks.
  virtual bool may_use(PrincipalId id, Protocol protocol) const = 0;

  // `notify` is called after each change of principals, tenants or credentials that this process makes or comes to know
  // of, on the changing thread: it must be quick and never change the directory. It may look things up.
  virtual std::unique_ptr<Watch> watch(std::function<void(const Touched&)> notify) = 0;

  // SCRAM. has_scram: whether to announce it. The challenge is in memory and never blocks; unknown names get one that
  // is made up and stays the same. Errors of the proof: as authenticate.
  virtual bool has_scram() const = 0;
  virtual ScramChallenge scram_challenge(std::string_view login) const = 0;
  virtual Result<ScramSuccess> authenticate_scram(std::string_view login, const ScramProof& proof,
                                                  Protocol protocol) = 0;

  // Somebody else has proven who it is: a client's certificate or an identity provider. Errors: as authenticate.
  virtual Result<Principal> authenticate_proven(std::string_view login, Protocol protocol) = 0;

  // For `kontor check`: reads the stored records anew and compares; one sentence per fault.
  virtual Result<std::vector<std::string>> check() = 0;

  // SHA-256 of the hash of a principal's own password, as it is kept; empty: it has none. Never leaves this server.
  virtual std::string password_hash_digest(PrincipalId id) const = 0;
};

}  // namespace kontor::directory
