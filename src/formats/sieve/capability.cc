// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/capability.h"

#include <array>

namespace kontor::sieve {
namespace {

// In the order of the enumerators.
constexpr auto kCapabilityNames = std::to_array<std::string_view>({
    "",
    "body",
    "comparator-i;ascii-casemap",
    "comparator-i;ascii-numeric",
    "comparator-i;octet",
    "comparator-i;unicode-casemap",
    "copy",
    "date",
    "duplicate",
    "editheader",
    "enclose",
    "encoded-character",
    "enotify",
    "envelope",
    "environment",
    "ereject",
    "extlists",
    "extracttext",
    "fileinto",
    "foreverypart",
    "ihave",
    "imap4flags",
    "include",
    "index",
    "mailbox",
    "mailboxid",
    "mboxmetadata",
    "mime",
    "regex",
    "reject",
    "relational",
    "replace",
    "servermetadata",
    "special-use",
    "subaddress",
    "vacation",
    "vacation-seconds",
    "variables",
});
static_assert(kCapabilityNames.size() == static_cast<std::size_t>(Capability::count));

}  // namespace

std::string_view name(Capability capability) { return kCapabilityNames[static_cast<std::size_t>(capability)]; }

std::optional<Capability> find_capability(std::string_view name) {
  for (std::size_t i = 1; i < kCapabilityNames.size(); i++)
    if (kCapabilityNames[i] == name) return static_cast<Capability>(i);
  return std::nullopt;
}

Capabilities all_capabilities() {
  Capabilities all;
  all.set();
  all.reset(static_cast<std::size_t>(Capability::none));
  return all;
}

std::string names(const Capabilities& set) {
  std::string text;
  for (std::size_t i = 1; i < kCapabilityNames.size(); i++) {
    if (!set[i]) continue;
    if (!text.empty()) text.push_back(' ');
    text.append(kCapabilityNames[i]);
  }
  return text;
}

}  // namespace kontor::sieve
