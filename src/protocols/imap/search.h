// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs a SEARCH program over the messages of a folder: from the view where it can, from summaries and contents where it
// must, the cheap keys first.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "groupware/account.h"
#include "protocols/imap/selected.h"
#include "wire/imap/search_key.h"

namespace kontor::imap {

class Search {
 public:
  static constexpr std::size_t kMaxTexts = 50;  // keys that compare text

  // `box` must outlive it. Errors: invalid (unknown keys), too_large (too many keys that compare text).
  static Result<Search> prepare(const wire::imap::SearchProgram& program, const Selected& box);

  // Looks at messages from `position` on until there is no more or enough was read for one turn; appends the positions
  // that match and moves `position` on. A message that is gone does not match. Blocks. Errors: unavailable,
  // corrupt (logged; whether that message matches cannot be said).
  Result<void> run(groupware::Account& account, const groupware::Caller& caller, std::uint32_t& position,
                   std::vector<std::uint32_t>& matches) const;

  bool uses_modseq() const { return uses_modseq_; }

 private:
  struct Key;
  struct Message;
  Search() = default;
  Result<Key> translate(const wire::imap::SearchKey& key, const std::string& charset, const Selected& box);
  bool matches(const Key& key, Message& message) const;
  bool matches_stored(const Key& key, Message& message) const;

  const Selected* box_ = nullptr;
  std::shared_ptr<const Key> root_;
  std::size_t texts_ = 0;
  bool uses_modseq_ = false;
};

}  // namespace kontor::imap
