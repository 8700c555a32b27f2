// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/flags.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

constexpr std::uint64_t keyword_bit(KeywordId id) { return std::uint64_t{1} << (8 + id); }

}  // namespace

bool FlagSet::has_keyword(KeywordId id) const {
  if (id < kInBits) return (bits & keyword_bit(id)) != 0;
  return std::binary_search(rare.begin(), rare.end(), id);
}

void FlagSet::add_keyword(KeywordId id) {
  if (id < kInBits) {
    bits |= keyword_bit(id);
    return;
  }
  auto at = std::lower_bound(rare.begin(), rare.end(), id);
  if (at == rare.end() || *at != id) rare.insert(at, id);
}

void FlagSet::remove_keyword(KeywordId id) {
  if (id < kInBits) {
    bits &= ~keyword_bit(id);
    return;
  }
  auto at = std::lower_bound(rare.begin(), rare.end(), id);
  if (at != rare.end() && *at == id) rare.erase(at);
}

std::vector<KeywordId> FlagSet::keywords() const {
  std::vector<KeywordId> out;
  for (KeywordId id = 0; id < kInBits; ++id)
    if ((bits & keyword_bit(id)) != 0) out.push_back(id);
  out.insert(out.end(), rare.begin(), rare.end());
  return out;
}

std::size_t KeywordTable::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (iequals(names_[i], name)) return i;
  return kLimit;
}

FlagNames KeywordTable::spell(const FlagSet& flags) const {
  FlagNames out;
  out.flags = flags.flags();
  for (KeywordId id : flags.keywords())
    if (id < names_.size()) out.keywords.push_back(names_[id]);
  return out;
}

}  // namespace kontor::groupware
