// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/order.h"

#include <algorithm>
#include <numeric>

#include "formats/mime/decode.h"
#include "groupware/search/addresses.h"
#include "groupware/search/fold.h"
#include "groupware/search/summary_turns.h"

namespace kontor::groupware {
namespace {

using Field = SortKey::Field;

// Of a longer text only the beginning decides: nobody's subject, and no way to fill the memory.
constexpr std::size_t kSortedText = 1000;

bool is_number(Field field) {
  return field == Field::arrival || field == Field::date || field == Field::size || field == Field::relevancy;
}

std::uint64_t ordered(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
}

}  // namespace

Instant sent_or_received(const mime::fb::Summary* summary, const Row& row) {
  if (summary != nullptr && summary->has_sent()) return Instant(std::chrono::seconds(summary->sent()));
  return row.internal_date().at;
}

bool Sorter::needs_summaries() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const SortKey& key) {
    return key.field != Field::arrival && key.field != Field::size && key.field != Field::relevancy;
  });
}

Sorter::Cell Sorter::text_cell(std::string_view decoded) {
  const std::string folded = fold_text(decoded.substr(0, kSortedText));
  Cell cell;
  for (std::size_t i = 0; i < 8; ++i)
    cell.number = cell.number << 8 | (i < folded.size() ? static_cast<unsigned char>(folded[i]) : 0);
  cell.text = texts_.keep(folded);
  return cell;
}

Sorter::Cell Sorter::cell(Field field, const Row& row, const mime::fb::Summary* summary) {
  if (field == Field::arrival) return {ordered(row.internal_date().at), {}};
  if (field == Field::date) return {ordered(sent_or_received(summary, row)), {}};
  if (field == Field::size) return {row.size, {}};
  const auto* envelope = summary == nullptr || summary->top() == nullptr ? nullptr : summary->top()->envelope();
  if (envelope == nullptr) return {};
  switch (field) {
    case Field::cc:
      return text_cell(first_mailbox(envelope->cc()));
    case Field::display_from:
      return text_cell(first_display_name(envelope->from()));
    case Field::display_to:
      return text_cell(first_display_name(envelope->to()));
    case Field::from:
      return text_cell(first_mailbox(envelope->from()));
    case Field::to:
      return text_cell(first_mailbox(envelope->to()));
    default:
      return text_cell(view_of(summary->base_subject()));
  }
}

Result<void> Sorter::gather(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                            std::size_t& next) {
  if (next == 0) {
    begun_ = uids_.size();
    uids_.resize(begun_ + positions.size());
    for (auto& column : columns_) column.resize(uids_.size());
  }
  const auto take = [&](std::size_t index, const mime::fb::Summary* summary) {
    const Row& row = view.at(positions[index]);
    uids_[begun_ + index] = row.uid;
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const bool by_score = keys_[k].field == Field::relevancy;
      columns_[k][begun_ + index] = by_score ? Cell{100U - scores_.at(index), {}} : cell(keys_[k].field, row, summary);
    }
  };
  if (needs_summaries()) return each_summary(reader, view, positions, next, take);
  for (; next < positions.size(); ++next) take(next, nullptr);
  return {};
}

bool Sorter::comes_before(std::uint32_t a, std::uint32_t b) const {
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const Cell& x = columns_[k][a];
    const Cell& y = columns_[k][b];
    if (x.number != y.number) return (x.number < y.number) != keys_[k].reverse;
    if (is_number(keys_[k].field)) continue;
    if (const int found = x.text.compare(y.text); found != 0) return (found < 0) != keys_[k].reverse;
  }
  return uids_[a] < uids_[b];
}

std::vector<std::uint32_t> Sorter::sorted(std::uint32_t first) const {
  std::vector<std::uint32_t> order(uids_.size() - first);
  std::iota(order.begin(), order.end(), first);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return comes_before(a, b); });
  return order;
}

Sorter Sorter::with_only(const std::vector<std::uint32_t>& entries) const {
  Sorter kept(keys_);
  for (const std::uint32_t entry : entries) kept.uids_.push_back(uids_[entry]);
  for (std::size_t k = 0; k < keys_.size(); ++k)
    for (const std::uint32_t entry : entries)
      kept.columns_[k].push_back({columns_[k][entry].number, kept.texts_.keep(columns_[k][entry].text)});
  return kept;
}

}  // namespace kontor::groupware
