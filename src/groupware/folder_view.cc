// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/folder_view.h"

#include <algorithm>

#include "base/result.h"

namespace kontor::groupware {
namespace {

// 2^11 minutes hold every zone from -17:04 to +17:03.
constexpr std::int64_t kZoneSpan = 2048;
constexpr std::int64_t kZoneBias = 1024;

using Chunk = FolderView::Chunk;

bool below(const Row& row, Uid uid) { return row.uid < uid; }
bool is_unseen(const Row& row) { return (row.flag_bits & kSeen) == 0; }

auto rare_from(const Chunk& chunk, Uid uid) {
  return std::lower_bound(chunk.rare.begin(), chunk.rare.end(), uid,
                          [](const auto& entry, Uid wanted) { return entry.first < wanted; });
}

const std::vector<KeywordId>* find_rare(const Chunk& chunk, Uid uid) {
  const auto at = rare_from(chunk, uid);
  return at != chunk.rare.end() && at->first == uid ? &at->second : nullptr;
}

// Rebuilds one chunk's rows with the changes that fall into it; appends the resulting chunks (none, one or, where it
// grew too large, several).
class Rebuild {
 public:
  explicit Rebuild(std::vector<std::shared_ptr<const Chunk>>& out) : out_(out) {}

  // About so many rows come before the next flush().
  void expect(std::size_t rows) { expected_ = rows; }

  void add(const Row& row, const std::vector<KeywordId>* rare) {
    if (!chunk_ || chunk_->rows.size() >= FolderView::kChunk) begin();
    chunk_->add(row);
    if (rare && !rare->empty()) chunk_->rare.emplace_back(row.uid, *rare);
  }

  // Rows of `from` as they are, from the index `first` to before `last`.
  void add_run(const Chunk& from, std::size_t first, std::size_t last) {
    while (first < last) {
      if (!chunk_ || chunk_->rows.size() >= FolderView::kChunk) begin();
      const std::size_t count = std::min(last - first, FolderView::kChunk - chunk_->rows.size());
      const auto rows = from.rows.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = rows + static_cast<std::ptrdiff_t>(count);
      chunk_->rows.insert(chunk_->rows.end(), rows, end);
      const bool is_whole = count == from.rows.size();
      chunk_->unseen += is_whole ? from.unseen : static_cast<std::uint32_t>(std::count_if(rows, end, is_unseen));
      if (!from.rare.empty()) copy_rare(from, rows->uid, std::prev(end)->uid);
      first += count;
    }
  }

  void flush() {
    if (chunk_) out_.push_back(std::move(chunk_));
    chunk_ = nullptr;
  }

 private:
  void begin() {
    flush();
    chunk_ = std::make_shared<Chunk>();
    chunk_->rows.reserve(std::min(expected_, FolderView::kChunk));
  }
  void copy_rare(const Chunk& from, Uid first, Uid last) {
    auto at = rare_from(from, first);
    for (; at != from.rare.end() && at->first <= last; ++at) chunk_->rare.push_back(*at);
  }

  std::vector<std::shared_ptr<const Chunk>>& out_;
  std::shared_ptr<Chunk> chunk_;
  std::size_t expected_ = 0;
};

// The first row from `first` to before `last` that is not below `uid`; `last` if there is none.
std::size_t position_of(const Chunk& chunk, std::size_t first, std::size_t last, Uid uid) {
  if (first == last || chunk.rows[first].uid >= uid) return first;
  const auto begin = chunk.rows.begin();
  return static_cast<std::size_t>(std::lower_bound(begin + static_cast<std::ptrdiff_t>(first),
                                                   begin + static_cast<std::ptrdiff_t>(last), uid, below) -
                                  begin);
}

}  // namespace

std::int64_t Row::pack(const InternalDate& date) {
  std::int64_t zone = std::clamp<std::int64_t>(date.zone_minutes, -kZoneBias, kZoneBias - 1);
  return date.at.time_since_epoch().count() * kZoneSpan + zone + kZoneBias;
}

InternalDate Row::internal_date() const {
  std::int64_t seconds = date >> 11;
  std::int64_t zone = date - seconds * kZoneSpan - kZoneBias;
  return InternalDate(Instant(std::chrono::seconds(seconds)), static_cast<std::int16_t>(zone));
}

void FolderView::Builder::add(const Row& row, std::vector<KeywordId> rare) {
  if (chunks_.empty() || chunks_.back()->rows.size() >= kChunk) {
    chunks_.push_back(std::make_shared<Chunk>());
    chunks_.back()->rows.reserve(kChunk);
  }
  chunks_.back()->add(row);
  if (!rare.empty()) chunks_.back()->rare.emplace_back(row.uid, std::move(rare));
}

std::shared_ptr<const FolderView> FolderView::Builder::finish(Modseq modseq) {
  auto view = std::make_shared<FolderView>();
  view->chunks_.assign(chunks_.begin(), chunks_.end());
  view->modseq_ = modseq;
  view->index();
  return view;
}

void FolderView::index() {
  starts_.clear();
  starts_.reserve(chunks_.size());
  std::uint32_t count = 0;
  for (const auto& chunk : chunks_) starts_.push_back(count += static_cast<std::uint32_t>(chunk->rows.size()));
}

std::shared_ptr<const FolderView> FolderView::with(const std::vector<Put>& puts, const std::vector<Uid>& removed,
                                                   Modseq modseq) const {
  auto view = std::make_shared<FolderView>();
  view->modseq_ = modseq;
  view->chunks_.reserve(chunks_.size() + 1);
  Rebuild rebuild(view->chunks_);
  auto put = puts.begin();
  auto gone = removed.begin();
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const Chunk& chunk = *chunks_[i];
    Uid last = chunk.rows.back().uid;
    bool is_final = i + 1 == chunks_.size();
    // New rows come at the end; the last chunk takes them while it has room.
    bool takes_new = is_final && put != puts.end() && chunk.rows.size() < kChunk;
    bool touched = takes_new || (put != puts.end() && put->row.uid <= last) || (gone != removed.end() && *gone <= last);
    if (!touched) {
      rebuild.flush();
      view->chunks_.push_back(chunks_[i]);
      continue;
    }
    rebuild.expect(chunk.rows.size() + (takes_new ? 1 : 0));
    for (std::size_t at = 0; at < chunk.rows.size();) {
      while (gone != removed.end() && *gone < chunk.rows[at].uid) ++gone;
      // What lies before the next change is copied at once.
      std::size_t next = chunk.rows.size();
      if (put != puts.end()) next = position_of(chunk, at, next, put->row.uid);
      if (gone != removed.end()) next = position_of(chunk, at, next, *gone);
      rebuild.add_run(chunk, at, next);
      at = next;
      if (at == chunk.rows.size()) break;
      const Row& row = chunk.rows[at++];
      for (; put != puts.end() && put->row.uid < row.uid; ++put) rebuild.add(put->row, &put->rare);
      while (gone != removed.end() && *gone < row.uid) ++gone;
      bool is_removed = gone != removed.end() && *gone == row.uid;
      if (put != puts.end() && put->row.uid == row.uid) {
        if (!is_removed) rebuild.add(put->row, &put->rare);
        ++put;
      } else if (!is_removed) {
        rebuild.add(row, find_rare(chunk, row.uid));
      }
    }
    if (!takes_new) rebuild.flush();
  }
  for (; put != puts.end(); ++put) rebuild.add(put->row, &put->rare);
  rebuild.flush();
  view->index();
  return view;
}

const Row& FolderView::at(std::uint32_t position) const {
  check(position < size(), "a view's position exists");
  auto chunk = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), position) - starts_.begin());
  std::uint32_t before = chunk == 0 ? 0 : starts_[chunk - 1];
  return chunks_[chunk]->rows[position - before];
}

FolderView::Put FolderView::row(std::uint32_t position) const {
  check(position < size(), "a view's position exists");
  auto index = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), position) - starts_.begin());
  const Chunk& chunk = *chunks_[index];
  Put out{chunk.rows[position - (index == 0 ? 0 : starts_[index - 1])], {}};
  if (!chunk.rare.empty())
    if (const auto* rare = find_rare(chunk, out.row.uid)) out.rare = *rare;
  return out;
}

FlagSet FolderView::flags(std::uint32_t position) const {
  Put found = row(position);
  FlagSet out;
  out.bits = found.row.flag_bits & ~Row::kMarks;
  out.rare = std::move(found.rare);
  return out;
}

std::uint32_t FolderView::lower_bound(Uid uid) const {
  auto chunk = std::lower_bound(chunks_.begin(), chunks_.end(), uid,
                                [](const auto& c, Uid wanted) { return c->rows.back().uid < wanted; });
  if (chunk == chunks_.end()) return size();
  auto index = static_cast<std::size_t>(chunk - chunks_.begin());
  const std::vector<Row>& rows = (*chunk)->rows;
  auto at = std::lower_bound(rows.begin(), rows.end(), uid, below);
  return (index == 0 ? 0 : starts_[index - 1]) + static_cast<std::uint32_t>(at - rows.begin());
}

std::optional<std::uint32_t> FolderView::find(Uid uid) const {
  std::uint32_t position = lower_bound(uid);
  if (position == size() || at(position).uid != uid) return std::nullopt;
  return position;
}

std::uint32_t FolderView::first_unseen() const {
  std::uint32_t before = 0;
  for (const auto& chunk : chunks_) {
    if (chunk->unseen != 0) {
      const auto at = std::find_if(chunk->rows.begin(), chunk->rows.end(), is_unseen);
      return before + static_cast<std::uint32_t>(at - chunk->rows.begin());
    }
    before += static_cast<std::uint32_t>(chunk->rows.size());
  }
  return before;
}

Uid FolderView::last_uid() const { return chunks_.empty() ? Uid() : chunks_.back()->rows.back().uid; }

void FolderView::each(std::uint32_t first, std::uint32_t last,
                      const std::function<bool(std::uint32_t, const Row&)>& visit) const {
  last = std::min(last, size());
  if (first >= last) return;
  auto index = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), first) - starts_.begin());
  std::uint32_t offset = first - (index == 0 ? 0 : starts_[index - 1]);
  for (std::uint32_t position = first; position < last; ++index, offset = 0) {
    const std::vector<Row>& rows = chunks_[index]->rows;
    for (; offset < rows.size() && position < last; ++offset, ++position)
      if (!visit(position, rows[offset])) return;
  }
}

FolderView::Difference FolderView::since(const FolderView& earlier) const {
  Difference out;
  std::size_t a = 0, b = 0;            // chunks of earlier and of this
  std::uint32_t row_a = 0, row_b = 0;  // rows within them
  std::uint32_t position_a = 0, position_b = 0;
  auto skip = [](std::size_t& chunk, std::uint32_t& row, std::size_t rows) {
    if (row == rows) {
      ++chunk;
      row = 0;
    }
  };
  while (a < earlier.chunks_.size() && b < chunks_.size()) {
    if (row_a == 0 && row_b == 0 && earlier.chunks_[a] == chunks_[b]) {
      auto rows = static_cast<std::uint32_t>(chunks_[b]->rows.size());
      position_a += rows;
      position_b += rows;
      ++a;
      ++b;
      continue;
    }
    const Row& old_row = earlier.chunks_[a]->rows[row_a];
    const Row& new_row = chunks_[b]->rows[row_b];
    if (old_row.uid < new_row.uid) {
      out.removed.push_back(position_a++);
      skip(a, ++row_a, earlier.chunks_[a]->rows.size());
      continue;
    }
    // UIDs only grow, so a row that the earlier view lacks can only stand behind all of its rows.
    if (old_row.uid == new_row.uid) {
      if (old_row.modseq != new_row.modseq) out.changed.push_back(position_b);
      ++position_a;
      skip(a, ++row_a, earlier.chunks_[a]->rows.size());
    }
    ++position_b;
    skip(b, ++row_b, chunks_[b]->rows.size());
  }
  while (position_a < earlier.size()) out.removed.push_back(position_a++);
  out.added = size() - position_b;
  return out;
}

std::size_t FolderView::memory() const {
  std::size_t bytes = sizeof(*this) + starts_.capacity() * sizeof(starts_[0]) + chunks_.capacity() * sizeof(chunks_[0]);
  for (const auto& chunk : chunks_) {
    bytes += sizeof(*chunk) + chunk->rows.capacity() * sizeof(Row);
    for (const auto& entry : chunk->rare) bytes += sizeof(entry) + entry.second.capacity() * sizeof(KeywordId);
  }
  return bytes;
}

}  // namespace kontor::groupware
