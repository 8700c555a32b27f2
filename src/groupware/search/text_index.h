// SPDX-License-Identifier: AGPL-3.0-or-later
// What searches ask of the index of words: which items may hold a text. Derived data: with no index, half of one and a
// whole one the answers are the same, for what the index does not know is looked up in the contents.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace kontor::groupware {

enum class TextScope : std::uint8_t { body, anywhere };  // as Query::Op's
enum class TextMatch : std::uint8_t { exact, fuzzy };    // a part of the text, or its words (fuzzy.h)

// Immutable, thread-safe.
class TextFinding {
 public:
  enum class Answer : std::uint8_t { no, yes, open };  // open: only the content can tell
  virtual ~TextFinding() = default;
  virtual Answer of(ItemId item) const = 0;
  // How well an item that holds it fuzzily does, from 1 to 100 (FuzzyFinder::quality).
  virtual unsigned quality(ItemId /*item*/) const { return 100; }
};

struct IndexStatus {
  std::uint64_t documents = 0;  // items that are indexed
  std::uint64_t waiting = 0;    // items that came later, about
  std::uint64_t bytes = 0;      // on disk
  bool is_sound = true;         // false: it cannot be read, or is of another store; it will be made anew
};

// Thread-safe. All but note() block.
class TextIndex {
 public:
  virtual ~TextIndex() = default;

  // Follows the accounts in the background from now on: those that note() names, and slowly all others once.
  virtual void start() = 0;

  // Which of the account's items hold `folded` (fold_text). Null: the index knows nothing of this account.
  virtual std::shared_ptr<const TextFinding> find(AccountId account, TextScope scope, const std::string& folded,
                                                  TextMatch match) = 0;

  // The account has news. Quick: called after each commit.
  virtual void note(AccountId account) = 0;
  // Brings the account's index to the present moment. Errors: unavailable (nothing can be written: searches go on
  // without it).
  virtual Result<void> update(AccountId account) = 0;
  // Drops it; the background makes it anew.
  virtual Result<void> rebuild(AccountId account) = 0;
  // The account is gone.
  virtual void forget(AccountId account) = 0;
  // Folders of accounts that are no more are removed.
  virtual void forget_all_but(const std::vector<AccountId>& accounts) = 0;

  virtual Result<IndexStatus> status(AccountId account) = 0;
};

}  // namespace kontor::groupware
