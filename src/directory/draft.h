// SPDX-License-Identifier: AGPL-3.0-or-later
// One change of the directory while it is made: the next roster, and the batch that makes it durable.
#pragma once

#include <unordered_set>

#include "directory/roster.h"
#include "store/engine.h"

namespace kontor::directory {

class Draft {
 public:
  explicit Draft(const Roster& base) : roster_(base) { batch_.expect(std::string(kHeadKey), base.head_value()); }

  // As it will be after the change.
  const Roster& roster() const { return roster_; }
  bool empty() const { return batch_.empty(); }
  std::uint64_t take_id() { return roster_.take_id(); }

  void put(const Tenant& tenant);
  void put(const Domain& domain);
  // Notes in which revision it changed for who looks at the list of people.
  void put(Principal principal);
  // It shows otherwise in the list of people because of something else.
  void touch_in_list(PrincipalId id);
  void put_photo(PrincipalId id, std::string_view bytes);  // empty: none
  void put(PrincipalId id, const Credentials& credentials);
  void put_shares(PrincipalId owner, const Shares& shares);
  void erase(TenantId id);
  void erase(DomainId id);
  // Leaves a tombstone.
  void remove(const Principal& principal, Instant now);

  // Principals whose remembered logins end with this change.
  const std::unordered_set<PrincipalId>& touched() const { return touched_; }

  bool touches_tenant() const { return touches_tenant_; }

  // Adds the new head record. Once, after the last change.
  const store::Batch& finish();
  Roster take_roster() { return std::move(roster_); }

 private:
  std::uint64_t next_revision() const { return roster_.head().revision + 1; }

  Roster roster_;
  store::Batch batch_;
  std::unordered_set<PrincipalId> touched_;
  bool touches_tenant_ = false;
};

}  // namespace kontor::directory
