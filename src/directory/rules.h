// SPDX-License-Identifier: AGPL-3.0-or-later
// What must hold for a principal, domain or tenant before it is stored. Sentences are for an administrator.
#pragma once

#include <string>
#include <string_view>

#include "directory/roster.h"

namespace kontor::directory {

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxAddresses = 1'000;
constexpr std::size_t kMaxMembers = 100'000;
constexpr std::size_t kMaxAppPasswords = 100;
constexpr std::size_t kMaxAppPasswordLabel = 128;
constexpr std::size_t kMaxJournalRules = 100;
constexpr std::size_t kMaxHolds = 100;
constexpr std::size_t kMaxHoldName = 64;
constexpr std::size_t kMaxHoldReason = 1'000;

// "user ada@example.org", "group staff@example.org".
std::string described(const Principal& principal);

// Brings the addresses, roles and members into canonical form (no duplicates) and checks everything against the roster.
// Errors: invalid, exists (an address is another's).
Result<Principal> checked(const Roster& roster, Principal principal);

// Name and limits; the tenant of that name may only be itself. Errors: invalid, exists.
Result<Tenant> checked(const Roster& roster, Tenant tenant);

// That its catch-all is of the same tenant. Errors: invalid.
Result<void> check_catch_all(const Roster& roster, const Domain& domain);

// The way from `group` back to itself through its member groups: "a@x, b@x, a@x"; empty if there is none.
// `group` need not be in the roster with these members yet.
std::string find_cycle(const Roster& roster, const Principal& group);

}  // namespace kontor::directory
