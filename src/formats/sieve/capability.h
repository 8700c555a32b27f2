// SPDX-License-Identifier: AGPL-3.0-or-later
// The extensions that this implementation knows, under the names that "require" and ManageSieve's SIEVE line have.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::sieve {

enum class Capability : std::uint8_t {
  none,  // RFC 5228 has it without "require"
  body,
  comparator_ascii_casemap,
  comparator_ascii_numeric,
  comparator_octet,
  comparator_unicode_casemap,
  copy,
  date,
  duplicate,
  editheader,
  enclose,
  encoded_character,
  enotify,
  envelope,
  environment,
  ereject,
  extlists,
  extracttext,
  fileinto,
  foreverypart,
  ihave,
  imap4flags,
  include,
  index,
  mailbox,
  mailboxid,
  mboxmetadata,
  mime,
  regex,
  reject,
  relational,
  replace,
  servermetadata,
  special_use,
  subaddress,
  vacation,
  vacation_seconds,
  variables,
  count,
};

using Capabilities = std::bitset<static_cast<std::size_t>(Capability::count)>;

inline bool has(const Capabilities& set, Capability capability) {
  return capability == Capability::none || set[static_cast<std::size_t>(capability)];
}
inline void add(Capabilities& set, Capability capability) { set.set(static_cast<std::size_t>(capability)); }

std::string_view name(Capability capability);
std::optional<Capability> find_capability(std::string_view name);  // exact, as RFC 5228 section 3.2 has it
Capabilities all_capabilities();
std::string names(const Capabilities& set);  // with blanks between, sorted

}  // namespace kontor::sieve
