// SPDX-License-Identifier: AGPL-3.0-or-later
// A folder's messages as packed rows in memory: what FETCH FLAGS, SEARCH by flag, date or size, SORT by date and paging
// read. Immutable; a change makes a new view that shares all chunks it did not touch, so views of two moments are
// compared in the time of what differs, and sessions that hold the same moment share one copy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "groupware/flags.h"

namespace kontor::groupware {

struct Row {
  // In flag_bits, beside the flags:
  static constexpr std::uint64_t kElsewhere = 1 << 5;  // the item is in other folders too
  static constexpr std::uint64_t kOwnPop3 = 1 << 6;    // POP3 must ask the item: see Pop3Facts
  static constexpr std::uint64_t kMarks = kElsewhere | kOwnPop3;

  InternalDate internal_date() const;
  static std::int64_t pack(const InternalDate& date);  // orders as the instants do

  Uid uid;
  std::uint32_t size = 0;
  ItemId item;
  std::uint64_t flag_bits = 0;  // FlagSet::bits, and kMarks
  std::int64_t date = 0;        // packed
  Modseq modseq;
  ThreadId thread;
};

class FolderView {
 public:
  struct Chunk {
    void add(const Row& row) {
      rows.push_back(row);
      if ((row.flag_bits & kSeen) == 0) ++unseen;
    }

    std::vector<Row> rows;                                     // ascending by UID, never empty
    std::vector<std::pair<Uid, std::vector<KeywordId>>> rare;  // FlagSet::rare where not empty, ascending by UID
    std::uint32_t unseen = 0;                                  // rows without \Seen
  };
  static constexpr std::size_t kChunk = 512;

  // Builds from rows in ascending order of UID.
  class Builder {
   public:
    void add(const Row& row, std::vector<KeywordId> rare = {});
    std::shared_ptr<const FolderView> finish(Modseq modseq);

   private:
    std::vector<std::shared_ptr<Chunk>> chunks_;
  };

  // The same view after some rows were put (replaced or added) and some removed. Both ascending by UID.
  struct Put {
    Row row;
    std::vector<KeywordId> rare;
  };
  std::shared_ptr<const FolderView> with(const std::vector<Put>& puts, const std::vector<Uid>& removed,
                                         Modseq modseq) const;

  std::uint32_t size() const { return starts_.empty() ? 0 : starts_.back(); }
  Modseq modseq() const { return modseq_; }  // the folder's `highest` at that moment: equal means unchanged

  // Positions count from 0 (sequence number minus one).
  const Row& at(std::uint32_t position) const;
  FlagSet flags(std::uint32_t position) const;
  Put row(std::uint32_t position) const;  // with its rare keywords
  std::optional<std::uint32_t> find(Uid uid) const;
  // The position of the first UID that is not below `uid`; size() if there is none.
  std::uint32_t lower_bound(Uid uid) const;
  Uid last_uid() const;  // 0 if empty
  // The position of the first row without \Seen; size() if there is none.
  std::uint32_t first_unseen() const;

  // Visits rows from position `first` to before `last` in order; stops when `visit` returns false.
  void each(std::uint32_t first, std::uint32_t last, const std::function<bool(std::uint32_t, const Row&)>& visit) const;

  // How the present view differs from an earlier one of the same folder.
  struct Difference {
    std::vector<std::uint32_t> removed;  // positions in the earlier view, ascending
    std::vector<std::uint32_t> changed;  // positions in this view of rows with another modseq, ascending
    std::uint32_t added = 0;             // rows at this view's end
  };
  Difference since(const FolderView& earlier) const;

  std::size_t memory() const;  // bytes, about

 private:
  void index();

  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::vector<std::uint32_t> starts_;  // starts_[i] = rows in chunks 0..i
  Modseq modseq_;
};

}  // namespace kontor::groupware
