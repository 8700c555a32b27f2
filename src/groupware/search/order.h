// SPDX-License-Identifier: AGPL-3.0-or-later
// Puts items of a folder in the order a client asks for (RFC 5256 section 3, RFC 5957). What is compared is gathered
// once, in few bytes per item; summaries are visited where they lie.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mime/summary_generated.h"
#include "groupware/account.h"
#include "groupware/search/arena.h"
#include "groupware/search/fold.h"
#include "groupware/search/subject_cache.h"

namespace kontor::groupware {

struct SortKey {
  enum class Field : std::uint8_t { arrival, cc, date, display_from, display_to, from, size, subject, to, relevancy };

  bool operator==(const SortKey&) const = default;
  bool is_text() const;  // its order is the collation's

  Field field = Field::arrival;
  bool reverse = false;
};

// The date that RFC 5256 section 2.2 sorts by: the Date field, or else the internal date.
Instant sent_or_received(const mime::fb::Summary* summary, const Row& row);

// What RFC 5256 section 2.1 compares of a subject, folded; of a longer one the beginning.
std::string subject_key(const mime::fb::Summary& summary, Collation collation);

// A table of entries, each with what its item is compared by. One thread at a time.
class Sorter {
 public:
  explicit Sorter(std::vector<SortKey> keys, Collation collation = Collation::unicode_casemap)
      : keys_(std::move(keys)), collation_(collation), columns_(keys_.size()) {}

  // Adds an entry for each of `positions`, from the `next` one on until enough was read for one turn; moves `next` on.
  // An item that is gone sorts with empty fields. Blocks. Errors: as Reader::summaries.
  Result<void> gather(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                      std::size_t& next);

  // Where subjects may be found and left for the next sort; those of the account that is gathered from.
  void use(std::shared_ptr<Subjects> subjects) { subjects_ = std::move(subjects); }

  // Of the positions of the next gathering, for Field::relevancy: 1 to 100, the highest comes first.
  void take_scores(std::vector<std::uint8_t> scores) { scores_ = std::move(scores); }

  std::size_t size() const { return uids_.size(); }
  Uid uid(std::size_t entry) const { return uids_[entry]; }
  // Whether the one entry comes before the other; equals come in the order of their UIDs.
  bool comes_before(std::uint32_t a, std::uint32_t b) const;
  // The entries from `first` on, in order.
  std::vector<std::uint32_t> sorted(std::uint32_t first = 0) const;
  // A table of these entries alone, numbered in the given order.
  Sorter with_only(const std::vector<std::uint32_t>& entries) const;

 private:
  // One of the two, by the key's field. The first eight bytes of a text decide most comparisons.
  struct Cell {
    std::uint64_t number = 0;
    std::string_view text;
  };
  bool needs_summaries() const;
  bool needs_only_subjects() const;
  Result<void> gather_subjects(const Reader& reader, const FolderView& view,
                               const std::vector<std::uint32_t>& positions, std::size_t& next);
  void take(std::size_t index, const Row& row, const mime::fb::Summary* summary, std::string_view subject);
  Cell cell(SortKey::Field field, const Row& row, const mime::fb::Summary* summary);
  std::string_view kept_subject(ItemId item, const mime::fb::Summary* summary);
  Cell text_cell(std::string_view decoded);
  Cell folded_cell(std::string_view folded);
  struct Weighed;
  std::uint64_t weight(std::uint32_t entry, std::size_t key, std::size_t from) const;
  void sort(std::span<Weighed> entries, std::size_t key, std::size_t from) const;
  void sort_equals(std::span<Weighed> entries, std::size_t key, std::size_t from) const;

  std::vector<SortKey> keys_;
  Collation collation_;
  std::vector<std::vector<Cell>> columns_;  // one per key
  std::vector<Uid> uids_;
  std::vector<std::uint8_t> scores_;
  std::size_t begun_ = 0;  // entries before the gathering that is under way
  TextArena texts_;
  std::shared_ptr<Subjects> subjects_;   // null: none
  std::vector<std::uint32_t> unknown_;   // positions of this gathering whose subjects were not kept
  std::vector<std::size_t> unknown_at_;  // and their places in it
  std::size_t next_unknown_ = 0;
};

}  // namespace kontor::groupware
