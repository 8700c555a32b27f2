// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/draft.h"

namespace kontor::directory {

void Draft::put(const Tenant& tenant) {
  touches_tenant_ = true;
  batch_.put(record_key(tenant.id), encode(tenant));
  roster_.put(tenant);
}

void Draft::put(const Domain& domain) {
  batch_.put(record_key(domain.id), encode(domain));
  roster_.put(domain);
}

namespace {

// Whether the list of people shows both in the same way.
bool looks_same(const Principal& a, const Principal& b) {
  if (!a.is_listed() && !b.is_listed()) return true;
  return a.is_listed() == b.is_listed() && a.name == b.name && a.addresses == b.addresses && a.members == b.members &&
         a.details() == b.details() && a.photo == b.photo;
}

}  // namespace

void Draft::put(Principal principal) {
  const Principal* old = roster_.principal(principal.id);
  principal.list_revision = old != nullptr && looks_same(*old, principal) ? old->list_revision : next_revision();
  batch_.put(record_key(principal.id), encode(StoredPrincipal{principal, std::nullopt}));
  touched_.insert(principal.id);
  roster_.put(principal);
}

void Draft::put(PrincipalId id, const Credentials& credentials) {
  touched_.insert(id);
  if (credentials.hash.empty() && credentials.app_passwords.empty()) {
    batch_.erase(credentials_key(id));
    roster_.erase_credentials(id);
    return;
  }
  batch_.put(credentials_key(id), encode(credentials));
  roster_.put(id, credentials);
}

void Draft::touch_in_list(PrincipalId id) {
  Principal principal = *roster_.principal(id);
  principal.list_revision = next_revision();
  batch_.put(record_key(id), encode(StoredPrincipal{principal, std::nullopt}));
  roster_.put(std::move(principal));
}

void Draft::put_photo(PrincipalId id, std::string_view bytes) {
  if (bytes.empty())
    batch_.erase(photo_key(id), store::Space::content);
  else
    batch_.put(photo_key(id), std::string(bytes), store::Space::content);
}

void Draft::put_shares(PrincipalId owner, const Shares& shares) {
  if (shares.empty())
    batch_.erase(shares_key(owner));
  else
    batch_.put(shares_key(owner), encode(shares));
  roster_.put_shares(owner, shares);
}

void Draft::erase(TenantId id) {
  batch_.erase(record_key(id));
  roster_.erase(id);
}

void Draft::erase(DomainId id) {
  batch_.erase(record_key(id));
  roster_.erase(id);
}

void Draft::remove(const Principal& principal, Instant now) {
  StoredPrincipal tombstone;
  tombstone.removed = now;
  tombstone.principal.id = principal.id;
  tombstone.principal.tenant = principal.tenant;
  tombstone.principal.kind = principal.kind;
  tombstone.principal.name = principal.name;
  tombstone.principal.addresses = principal.addresses;
  tombstone.principal.created = principal.created;
  tombstone.principal.list_revision = next_revision();
  batch_.put(record_key(principal.id), encode(tombstone));
  batch_.erase(credentials_key(principal.id));
  batch_.erase(shares_key(principal.id));
  if (principal.photo.type != PhotoType::none) put_photo(principal.id, {});
  PrincipalId id = principal.id;  // `principal` may be the roster's own
  roster_.put_gone(principal.tenant, id, tombstone.principal.list_revision);
  touched_.insert(id);
  roster_.erase_credentials(id);
  roster_.erase(id);
}

const store::Batch& Draft::finish() {
  batch_.put(std::string(kHeadKey), roster_.advance());
  return batch_;
}

}  // namespace kontor::directory
