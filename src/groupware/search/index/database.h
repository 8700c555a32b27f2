// SPDX-License-Identifier: AGPL-3.0-or-later
// One account's index on disk, in Xapian's hands. An item's id is its document's. Nothing of Xapian shows outside, and
// none of its exceptions: they become `corrupt` (make it anew) or `unavailable` (try later).
//
// There are only terms and which documents have them: no list of each document's terms, which would take as much room
// again. So a document cannot be taken out. It is marked as removed, and found no more; the terms stay until the index
// is made anew. An item that comes back has the content that it had: its mark goes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "groupware/search/index/document.h"
#include "groupware/search/index/item_set.h"

namespace kontor::groupware {

// How far the index is. Written in the same commit as what it says. Watermarks: whatever they say, an item counts as
// indexed only if its document is there.
struct IndexProgress {
  bool operator==(const IndexProgress&) const = default;

  std::string format;           // of the terms; another one's index is made anew
  std::int64_t created = 0;     // of the account
  Modseq modseq;                // removals up to it are done
  std::uint64_t next_item = 1;  // items below it were looked at
  std::string history;  // digest of the account's change at `modseq`: tells whether it is the same account's past
};

// Reading. One thread at a time.
class IndexReader {
 public:
  // Nothing: there is no index.
  static Result<std::optional<IndexReader>> open(const std::string& folder);
  IndexReader(IndexReader&&) noexcept;
  IndexReader& operator=(IndexReader&&) noexcept;
  ~IndexReader();

  // Sees what was committed last. All below may fail with conflict: too much was committed since.
  Result<void> refresh();
  Result<IndexProgress> progress() const;
  Result<ItemSet> documents() const;  // without those that were removed
  Result<std::uint64_t> removed_documents() const;
  Result<ItemSet> partial_documents() const;
  Result<void> each_term(const std::function<void(std::string_view)>& visit) const;
  Result<void> add_documents_of(std::string_view term, ItemSet& to) const;

 private:
  struct State;
  explicit IndexReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Writing; all in one commit, none without. One at a time for each folder.
class IndexWriter {
 public:
  // Made where it is absent. Errors: corrupt, unavailable.
  static Result<IndexWriter> open(const std::string& folder);
  IndexWriter(IndexWriter&&) noexcept;
  IndexWriter& operator=(IndexWriter&&) noexcept;
  ~IndexWriter();

  // One that is there already stays as it is.
  Result<void> put(const IndexDocument& document);
  Result<void> remove(ItemId item);  // also one that is not there
  Result<void> commit(const IndexProgress& progress);

 private:
  struct State;
  explicit IndexWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Writes what was committed last to a new folder, without the room that changes left. Nobody may be writing.
Result<void> compact_index(const std::string& folder, const std::string& to);

}  // namespace kontor::groupware
