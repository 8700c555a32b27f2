// SPDX-License-Identifier: AGPL-3.0-or-later
// Strong ids: no two kinds of number can be mixed up. 0 is never a valid id; ids are never reused.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace kontor {

template <class Tag, class Int>
struct Id {
  using Value = Int;
  constexpr Id() = default;
  constexpr explicit Id(Int v) : value(v) {}
  constexpr explicit operator bool() const { return value != 0; }
  constexpr auto operator<=>(const Id&) const = default;

  Int value = 0;
};

using TenantId = Id<struct TenantTag, std::uint64_t>;
using DomainId = Id<struct DomainTag, std::uint64_t>;
using PrincipalId = Id<struct PrincipalTag, std::uint64_t>;
using AccountId = Id<struct AccountTag, std::uint64_t>;

// Within one account:
using FolderId = Id<struct FolderTag, std::uint64_t>;
using ItemId = Id<struct ItemTag, std::uint64_t>;
using ThreadId = Id<struct ThreadTag, std::uint64_t>;
using Modseq = Id<struct ModseqTag, std::uint64_t>;  // RFC 7162: the account's commit number, fits 63 bits

// Within one folder (RFC 9051 section 2.3.1.1):
using Uid = Id<struct UidTag, std::uint32_t>;
using UidValidity = Id<struct UidValidityTag, std::uint32_t>;

}  // namespace kontor

template <class Tag, class Int>
struct std::hash<kontor::Id<Tag, Int>> {
  std::size_t operator()(kontor::Id<Tag, Int> id) const noexcept { return std::hash<Int>()(id.value); }
};
