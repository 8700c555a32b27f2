// SPDX-License-Identifier: AGPL-3.0-or-later
// How relevant what a fuzzy search found is (RFC 6203 section 4): 1 to 100.
//
// Two things count: how well the words of the message stand for those that were asked for, and, where bodies and all
// headers were looked through, whether they are in the subject as well. How rare a word is does not count: it is only
// known where there is an index, and the score is the same without one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "groupware/account.h"
#include "groupware/search/query.h"

namespace kontor::groupware {

// Immutable, copied cheaply.
class Relevancy {
 public:
  explicit Relevancy(const Query& query);

  // Appends the score of each of `positions`, which match the query, from the `next` one on until enough was read for
  // one turn; moves `next` on by at least one. What is gone meanwhile has 1. Keys that are not fuzzy, and fuzzy ones
  // that are negated, have no say; if no other is there, all have 100. Blocks. Errors: unavailable, corrupt.
  Result<void> gather(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                      std::size_t& next, std::vector<std::uint8_t>& scores) const;

 private:
  struct Key;
  struct Facts;
  static Key make(const Query& query);
  static Result<std::optional<unsigned>> score(const Key& key, Facts& facts);
  static Result<unsigned> quality(const Key& key, Facts& facts);
  static Result<unsigned> quality_of_content(const Key& key, Facts& facts);

  std::shared_ptr<const Key> root_;
};

}  // namespace kontor::groupware
