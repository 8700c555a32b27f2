// SPDX-License-Identifier: AGPL-3.0-or-later
// Flags and keywords of an item in a folder, packed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::groupware {

// RFC 9051 section 2.3.2. kDeleted belongs to the filing, the others to the item.
enum Flag : std::uint8_t {
  kSeen = 1,
  kAnswered = 2,
  kFlagged = 4,
  kDraft = 8,
  kDeleted = 16,
};
constexpr std::uint8_t kAllFlags = 31;

// A keyword's number in its account's table: see KeywordTable.
using KeywordId = std::uint16_t;

// What a client gives or gets: names. Keywords keep the spelling in which the account first saw them.
struct FlagNames {
  std::uint8_t flags = 0;
  std::vector<std::string> keywords;
};

// The same as numbers. The first keywords of an account live in bits, rarer ones in a list.
struct FlagSet {
  static constexpr KeywordId kInBits = 56;

  bool has(Flag flag) const { return (bits & flag) != 0; }
  bool has_keyword(KeywordId id) const;
  void add_keyword(KeywordId id);
  void remove_keyword(KeywordId id);
  std::uint8_t flags() const { return static_cast<std::uint8_t>(bits & kAllFlags); }
  std::vector<KeywordId> keywords() const;  // ascending
  bool operator==(const FlagSet&) const = default;

  std::uint64_t bits = 0;       // bits 0-4: Flag; bits 8-63: keywords 0-55
  std::vector<KeywordId> rare;  // keywords from 56 on, ascending
};

// An account's keywords: number to name. Numbers are never reused. Names compare without case (RFC 9051 section 2.3.2).
class KeywordTable {
 public:
  static constexpr std::size_t kLimit = 4096;

  explicit KeywordTable(std::vector<std::string> names = {}) : names_(std::move(names)) {}
  const std::vector<std::string>& names() const { return names_; }
  // kLimit if there is none.
  std::size_t find(std::string_view name) const;
  const std::string& name(KeywordId id) const { return names_.at(id); }
  FlagNames spell(const FlagSet& flags) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace kontor::groupware
