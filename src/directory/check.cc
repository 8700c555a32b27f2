// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor check` for the directory: the stored records, read anew, against each other and against the copy in memory.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/bytes.h"
#include "directory/address.h"
#include "directory/password.h"
#include "directory/rules.h"
#include "directory/stored_directory.h"

namespace kontor::directory {
namespace {

using Faults = std::vector<std::string>;

// Decodes each record by itself, so that a damaged one does not hide the others.
class Inspection {
 public:
  void take(std::string_view key, std::string_view value) {
    auto parsed = parse_key(key);
    if (!parsed) {
      fault(fmt::format("the directory has a record of unknown kind ({} bytes of key)", key.size()));
      return;
    }
    highest_id_ = std::max(highest_id_, parsed->id);
    if (parsed->kind == 'h') {
      has_head_ = keep(decode_head(value), [&](Head head) { head_ = head; });
    } else if (parsed->kind == 't') {
      keep(decode_tenant(TenantId(parsed->id), value), [&](Tenant tenant) { take_tenant(std::move(tenant)); });
    } else if (parsed->kind == 'd') {
      keep(decode_domain(DomainId(parsed->id), value), [&](Domain domain) { take_domain(std::move(domain)); });
    } else if (parsed->kind == 'p') {
      keep(decode_principal(PrincipalId(parsed->id), value),
           [&](StoredPrincipal one) { take_principal(std::move(one)); });
    } else if (parsed->kind == 's') {
      PrincipalId id(parsed->id);
      keep(decode_shares(id, value), [&](Shares one) { take_shares(id, std::move(one), value); });
    } else {
      PrincipalId id(parsed->id);
      keep(decode_credentials(id, value), [&](Credentials one) { take_credentials(id, std::move(one)); });
    }
  }

  void take_photo(std::string_view key, std::string_view bytes) {
    const bool is_key = key.size() == 9 && key[0] == 'f';
    const PrincipalId id(is_key ? read_be64(key.substr(1)) : 0);
    const Principal* owner = is_key ? roster_.principal(id) : nullptr;
    if (owner == nullptr) {
      fault(fmt::format("a photo is kept for principal {}, who does not exist", id.value));
      return;
    }
    photos_.insert(id);
    const auto found = recognise_photo(bytes);
    if (!found || *found != owner->photo) fault(fmt::format("{}: its photo is damaged", described(*owner)));
  }

  // After all records and photos.
  Faults finish() {
    if (!has_head_ && highest_id_ > 0) fault("the directory's head record is missing");
    if (has_head_ && highest_id_ > head_.last_id)
      fault(fmt::format("id {} is in use, but the counter of ids stands at {}: it would be given again", highest_id_,
                        head_.last_id));
    for (TenantId tenant : tenants_in_use_)
      if (roster_.tenant(tenant) == nullptr)
        fault(fmt::format("tenant {} is referred to but does not exist", tenant.value));
    roster_.each_principal([&](const Principal& principal) { inspect(principal); });
    for (const Domain& domain : roster_.domains({})) inspect(domain);
    roster_.each_credentials([&](PrincipalId id, const Credentials& credentials) { inspect(id, credentials); });
    std::ranges::sort(faults_);
    return std::move(faults_);
  }

  const Head& head() const { return head_; }
  const Roster& roster() const { return roster_; }
  void fault(std::string sentence) { faults_.push_back(std::move(sentence)); }

 private:
  template <class T, class Keep>
  bool keep(Result<T> decoded, const Keep& take_it) {
    if (decoded)
      take_it(std::move(*decoded));
    else
      fault(decoded.error().text);
    return decoded.has_value();
  }

  void take_tenant(Tenant tenant) {
    if (roster_.tenant(tenant.name) != nullptr) fault(fmt::format("two tenants have the name {}", tenant.name));
    roster_.put(std::move(tenant));
  }

  void take_domain(Domain domain) {
    if (roster_.domain(domain.name) != nullptr) fault(fmt::format("two domains have the name {}", domain.name));
    if (parse_domain(domain.name).value_or("") != domain.name)
      fault(fmt::format("domain {}: its name is not in canonical form", domain.id.value));
    tenants_in_use_.insert(domain.tenant);
    roster_.put(std::move(domain));
  }

  void take_principal(StoredPrincipal stored) {
    if (stored.removed) return;
    Principal& principal = stored.principal;
    for (const std::string& address : principal.addresses)
      if (const Principal* other = roster_.by_address(address))
        fault(fmt::format("{} and principal {} both have the address {}", described(*other), principal.id.value,
                          shown(address)));
    tenants_in_use_.insert(principal.tenant);
    roster_.put(std::move(principal));
  }

  void take_credentials(PrincipalId id, Credentials credentials) {
    for (const StoredAppPassword& stored : credentials.app_passwords) {
      highest_id_ = std::max(highest_id_, stored.info.id);
      if (stored.salt.empty() || stored.digest.size() != 32 || !app_ids_.insert(stored.info.id).second)
        fault(fmt::format("app password {} of principal {} is damaged", stored.info.id, id.value));
    }
    roster_.put(id, std::move(credentials));
  }

  // Whom it names may be gone meanwhile; the core forgets them in its own time.
  void take_shares(PrincipalId owner, Shares shares, std::string_view value) {
    const Principal* account = roster_.principal(owner);
    if (account == nullptr || !account->account())
      fault(fmt::format("shares are noted for principal {}, who has no account", owner.value));
    bool is_sound = std::ranges::all_of(shares, [](const Share& share) { return share.kinds != 0; });
    if (!is_sound || shares.empty() || encode(shares) != value)
      fault(fmt::format("the shares of principal {} are not in canonical form", owner.value));
    roster_.put_shares(owner, std::move(shares));
  }

  // The rules of changes hold for what is stored too.
  void inspect(const Principal& principal) {
    auto right = checked(roster_, principal);
    if (!right)
      fault(fmt::format("{}: {}", described(principal), right.error().text));
    else if (encode({*right, std::nullopt}) != encode({principal, std::nullopt}))
      fault(fmt::format("{}: its record is not in canonical form", described(principal)));
    if (principal.photo.type != PhotoType::none && !photos_.contains(principal.id))
      fault(fmt::format("{}: its photo is missing", described(principal)));
    if (has_head_ && principal.list_revision > head_.revision)
      fault(fmt::format("{}: it is said to have changed in revision {}, and there were {} so far", described(principal),
                        principal.list_revision, head_.revision));
  }

  void inspect(const Domain& domain) {
    if (auto right = check_catch_all(roster_, domain); !right) fault(right.error().text);
  }

  void inspect(PrincipalId id, const Credentials& credentials) {
    if (roster_.principal(id) == nullptr)
      fault(fmt::format("credentials are kept for principal {}, who does not exist", id.value));
    if (credentials.hash.empty()) return;
    if (auto form = check_hash_form(credentials.hash); !form)
      fault(fmt::format("the password of principal {} cannot be verified: {}", id.value, form.error().text));
  }

  Head head_;
  bool has_head_ = false;
  std::uint64_t highest_id_ = 0;
  Roster roster_;
  std::unordered_set<TenantId> tenants_in_use_;
  std::unordered_set<std::uint64_t> app_ids_;
  std::unordered_set<PrincipalId> photos_;
  Faults faults_;
};

// Everything of a roster in one comparable form: record key to value.
std::unordered_map<std::string, std::string> contents(const Roster& roster) {
  std::unordered_map<std::string, std::string> out;
  for (const Tenant& tenant : roster.tenants()) out[record_key(tenant.id)] = encode(tenant);
  for (const Domain& domain : roster.domains({})) out[record_key(domain.id)] = encode(domain);
  roster.each_principal([&](const Principal& one) { out[record_key(one.id)] = encode({one, std::nullopt}); });
  roster.each_credentials([&](PrincipalId id, const Credentials& one) { out[credentials_key(id)] = encode(one); });
  roster.each_shares([&](PrincipalId id, const Shares& one) { out[shares_key(id)] = encode(one); });
  return out;
}

}  // namespace

Result<std::vector<std::string>> StoredDirectory::check() {
  Inspection inspection;
  std::shared_ptr<const Roster> known;
  TRY(auto snapshot, [&] {
    std::lock_guard lock(change_mutex_);  // no change between the copy and the snapshot
    known = current();
    return engine_.snapshot(store::kDirectoryPartition);
  }());
  TRY_VOID(snapshot->scan({}, {}, [&](store::Key key, store::Value value) {
    inspection.take(key, value);
    return true;
  }));
  TRY_VOID(snapshot->scan(
      {}, {},
      [&](store::Key key, store::Value value) {
        inspection.take_photo(key, value);
        return true;
      },
      store::Space::content));
  // Another directory's change since our last refresh is no fault.
  if (inspection.head().revision == known->head().revision && contents(inspection.roster()) != contents(*known))
    inspection.fault("what is stored differs from what the server has in memory: restart it");
  return inspection.finish();
}

}  // namespace kontor::directory
