// SPDX-License-Identifier: AGPL-3.0-or-later
// The index of one account: follows its change log and answers searches.
//
// Exactness rests on three things: contents never change; an item counts as indexed only if its document is there; and
// what is told about documents, terms and postings is of one commit, or the documents' set is the older one.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "groupware/search/fuzzy.h"
#include "groupware/search/index/database.h"
#include "groupware/search/index/lexicon.h"
#include "groupware/search/index/source.h"
#include "groupware/search/text_index.h"

namespace kontor::groupware {

// What stands behind the name of an account's folder while it is written anew in less room, and of that of an index
// that is to take its place.
constexpr const char* kCompactedSuffix = ".new";
constexpr const char* kSuccessorSuffix = ".next";

// Thread-safe.
class AccountIndex {
 public:
  // The references must outlive it; `stopping` makes step() end early.
  AccountIndex(AccountId account, std::string folder, const IndexSource& source, Extractor* extractor,
               const std::atomic<bool>& stopping);

  // Null: it cannot say. Errors: as the database's; it is not to be used then until a step succeeded.
  Result<std::shared_ptr<const TextFinding>> find(TextScope scope, const std::string& folded, TextMatch match);

  struct Step {
    bool has_more = false;
    std::size_t added = 0, removed = 0;
  };
  // Follows the account by one bounded commit. Errors: unavailable (nothing was written), corrupt (it was dropped and
  // begins anew with the next step).
  Result<Step> step();
  void drop();
  Result<IndexStatus> status();

  // What find() keeps in memory, and lets it go.
  std::size_t memory() const { return memory_; }
  void unload();

 private:
  struct Loaded {
    IndexReader reader;
    Lexicon lexicon;
    ItemSet partial;
    std::size_t appended = 0;  // to the lexicon, in bytes
    bool is_stale = false;     // something was committed since the reader looked
  };
  struct Plan {
    std::vector<ItemId> removed;
    std::vector<IndexDocument> documents;
    IndexProgress progress;
    bool has_more = false;
  };

  Result<bool> load();
  Result<std::shared_ptr<const TextFinding>> look_up(const NeedleConditions& conditions, TextScope scope);
  Result<std::shared_ptr<const TextFinding>> look_up(const FuzzyNeedle& needle, TextScope scope);
  Result<bool> is_of_account(const IndexProgress& progress, const IndexedMoment& moment) const;
  Result<void> find_progress(const IndexedMoment& moment);
  Result<Plan> plan(const IndexedMoment& moment);
  Result<void> plan_removals(const Reader& reader, Plan& plan, std::vector<ItemId>& wanted);
  Result<void> plan_by_comparing(Plan& plan, std::vector<ItemId>& wanted);
  Result<void> make_documents(const Reader& reader, const std::vector<ItemId>& wanted, std::uint64_t next, Plan& plan);
  Result<Step> follow();
  Result<Step> write(Plan plan);
  Result<void> compact();
  Result<bool> is_mostly_removed();
  Result<bool> grow_successor();
  Result<void> take_place(const std::string& fresh);
  void show(const Plan& plan);
  Result<std::shared_ptr<const ItemSet>> documents();
  void remove_folder();
  void let_go();
  void measure();

  const AccountId account_;
  const std::string folder_;
  const IndexSource& source_;
  Extractor* const extractor_;
  const std::atomic<bool>& stopping_;

  std::mutex writing_;  // taken before reading_
  std::optional<IndexProgress> progress_;
  bool is_on_disk_ = false;                  // what progress_ says
  std::size_t grown_ = 0;                    // documents since it was compacted
  std::unique_ptr<AccountIndex> successor_;  // without what was removed; not whole yet

  std::mutex reading_;
  std::optional<Loaded> loaded_;
  std::shared_ptr<const ItemSet> documents_;  // null = not read yet
  struct Answered {
    TextScope scope;
    std::string needle;
    TextMatch match;
    std::shared_ptr<const TextFinding> finding;
  };
  std::deque<Answered> answered_;  // of this state, for the turns of one search
  std::atomic<std::size_t> memory_ = 0;
  std::atomic<bool> is_broken_ = false;
};

}  // namespace kontor::groupware
