// SPDX-License-Identifier: AGPL-3.0-or-later
// The privileges of RFC 3744, RFC 4791 and RFC 6638 as the core's rights. Each right has a privilege of its own, so
// that what was read of an ACL and is set again gives the same rights.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "groupware/rights.h"
#include "protocols/dav/outcome.h"

namespace kontor::dav {

// Names that no RFC has.
constexpr std::string_view kOwnSpace = "urn:kontor:dav";

struct Privilege {
  int depth;  // within the one before it that has a smaller one
  xml::NameView name;
  std::uint32_t rights;  // all of these
  bool is_abstract;      // not to be granted by itself: it comes with the one that it is in
  const char* about;
};
// DAV:all first, each before those within it.
std::span<const Privilege> privileges();
const Privilege* find_privilege(xml::NameView name);

// All that the rights suffice for: for DAV:current-user-privilege-set.
std::vector<xml::NameView> held_privileges(std::uint32_t rights);
// The fewest that say exactly these rights, without abstract ones: for DAV:acl.
std::vector<xml::NameView> granted_privileges(std::uint32_t rights);

// Whom an ACE is about: an href as it was sent, or one of the others.
struct AcePrincipal {
  enum class Who : std::uint8_t { href, owner, authenticated };
  Who who = Who::href;
  std::string href{};
};
struct Ace {
  AcePrincipal principal;
  std::uint32_t rights = 0;
};
// The body of ACL without its protected ACEs. Errors: 403 by the preconditions of RFC 3744 section 8.1.1.
Outcome<std::vector<Ace>> parse_acl(const xml::Element& acl);

}  // namespace kontor::dav
