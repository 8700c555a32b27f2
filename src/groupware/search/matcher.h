// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs a query over a folder's view: what the rows decide is decided there; of texts, what the index knows; summaries
// are read for what is left, in one scan for many; contents only for what is still open.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "groupware/account.h"
#include "groupware/search/query.h"

namespace kontor::groupware {

// Immutable, copied cheaply.
class Matcher {
 public:
  static constexpr std::size_t kTexts = 50;  // texts to look for in one query, unless configured otherwise

  // `keywords`: where the query's keywords are found; unknown ones match nothing. Errors: too_large (too many texts).
  static Result<Matcher> prepare(const Query& query, const KeywordTable& keywords, std::size_t most_texts = kTexts);

  // Looks at items from `position` on until there is no more or enough was read for one turn; appends the positions
  // that match and moves `position` on, always by at least one. What is gone meanwhile does not match. Blocks.
  // Errors: unavailable, corrupt (logged; whether that item matches cannot be said).
  Result<void> run(const Reader& reader, const FolderView& view, std::uint32_t& position,
                   std::vector<std::uint32_t>& matches) const;
  // The same among `candidates` (positions, ascending) from the `next` one on.
  Result<void> run_among(const Reader& reader, const FolderView& view, std::span<const std::uint32_t> candidates,
                         std::size_t& next, std::vector<std::uint32_t>& matches) const;

  // Whether the view decides everything: nothing is read.
  bool needs_only_view() const;

 private:
  struct Key;
  struct Facts;
  class Findings;
  class Block;
  enum class Verdict : std::uint8_t;
  Matcher() = default;
  static Verdict judge(const Key& key, Facts& facts);
  static Verdict judge_row(const Key& key, const Facts& facts);
  static Verdict judge_summary(const Key& key, Facts& facts);
  static Verdict judge_content(const Key& key, Facts& facts);

  std::shared_ptr<const Key> root_;
};

}  // namespace kontor::groupware
