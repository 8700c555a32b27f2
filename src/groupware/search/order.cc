// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/order.h"

#include <algorithm>

#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "groupware/search/addresses.h"
#include "groupware/search/fold.h"
#include "groupware/search/summary_turns.h"

namespace kontor::groupware {
namespace {

using Field = SortKey::Field;

// Of a longer text only the beginning decides: nobody's subject, and no way to fill the memory.
constexpr std::size_t kSortedText = 1000;

std::uint64_t ordered(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
}

constexpr std::string_view kReplaced = "\xef\xbf\xbd";  // what stands for bytes that are no text

// Folded such that the order of bytes is the order of texts.
std::string order_text(std::string_view decoded, Collation collation) {
  std::string folded = fold_text(decoded, collation);
  // RFC 5255 section 4.6: what is no text comes after all that is.
  if (decoded.find(kReplaced) != std::string_view::npos) folded.insert(0, 1, '\xff');
  return folded;
}

// As a number that is ordered as they are; zeros stand for those that are not there.
std::uint64_t eight_bytes(std::string_view text, std::size_t from) {
  std::uint64_t number = 0;
  for (std::size_t i = from; i < from + 8; ++i)
    number = number << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return number;
}

}  // namespace

bool SortKey::is_text() const {
  return field != Field::arrival && field != Field::date && field != Field::size && field != Field::relevancy;
}

Instant sent_or_received(const mime::fb::Summary* summary, const Row& row) {
  if (summary != nullptr && summary->has_sent()) return Instant(std::chrono::seconds(summary->sent()));
  return row.internal_date().at;
}

bool Sorter::needs_summaries() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const SortKey& key) {
    return key.field != Field::arrival && key.field != Field::size && key.field != Field::relevancy;
  });
}

std::string subject_key(const mime::fb::Summary& summary, Collation collation) {
  if (collation == Collation::unicode_casemap)
    return order_text(view_of(summary.base_subject()).substr(0, kSortedText), collation);
  // The stored one is in lower case.
  const auto* envelope = summary.top() == nullptr ? nullptr : summary.top()->envelope();
  if (envelope == nullptr) return {};
  const std::string base = mime::base_subject(mime::decode_header(view_of(envelope->subject()))).text;
  return order_text(std::string_view(base).substr(0, kSortedText), collation);
}

Sorter::Cell Sorter::text_cell(std::string_view decoded) {
  return folded_cell(order_text(decoded.substr(0, kSortedText), collation_));
}

Sorter::Cell Sorter::folded_cell(std::string_view folded) {
  Cell cell;
  cell.number = eight_bytes(folded, 0);
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
      return folded_cell(subject_key(*summary, collation_));
  }
}

bool Sorter::needs_only_subjects() const {
  return std::all_of(keys_.begin(), keys_.end(), [](const SortKey& key) {
    return key.field == Field::subject || (!key.is_text() && key.field != Field::date);
  });
}

// Where nothing but subjects is needed, most of them may be at hand.
Result<void> Sorter::gather_subjects(const Reader& reader, const FolderView& view,
                                     const std::vector<std::uint32_t>& positions, std::size_t& next) {
  if (next == 0) {
    unknown_.clear();
    unknown_at_.clear();
    next_unknown_ = 0;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const Row& row = view.at(positions[i]);
      if (const auto subject = subjects_->find(row.item)) {
        take(i, row, nullptr, *subject);
      } else {
        unknown_.push_back(positions[i]);
        unknown_at_.push_back(i);
      }
    }
  }
  TRY_VOID(each_summary(reader, view, unknown_, next_unknown_, [&](std::size_t i, const mime::fb::Summary* summary) {
    const Row& row = view.at(unknown_[i]);
    take(unknown_at_[i], row, nullptr, kept_subject(row.item, summary));
  }));
  next = positions.size() - (unknown_.size() - next_unknown_);
  return {};
}

// Also left for the next sort, if there is room. What cannot be read now is not.
std::string_view Sorter::kept_subject(ItemId item, const mime::fb::Summary* summary) {
  if (summary == nullptr || summary->top() == nullptr || summary->top()->envelope() == nullptr) return {};
  const std::string folded = subject_key(*summary, collation_);
  const auto kept = subjects_->keep(item, folded);
  return kept ? *kept : texts_.keep(folded);
}

// `subject`: if there is no summary.
void Sorter::take(std::size_t index, const Row& row, const mime::fb::Summary* summary, std::string_view subject) {
  uids_[begun_ + index] = row.uid;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const Field field = keys_[k].field;
    Cell& made = columns_[k][begun_ + index];
    if (field == Field::relevancy)
      made = {100U - scores_.at(index), {}};
    else if (field == Field::subject && summary == nullptr)
      made = {eight_bytes(subject, 0), subject};
    else
      made = cell(field, row, summary);
  }
}

Result<void> Sorter::gather(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                            std::size_t& next) {
  if (next == 0) {
    begun_ = uids_.size();
    uids_.resize(begun_ + positions.size());
    for (auto& column : columns_) column.resize(uids_.size());
  }
  if (!needs_summaries()) {
    for (; next < positions.size(); ++next) take(next, view.at(positions[next]), nullptr, {});
    return {};
  }
  if (subjects_ && collation_ == Collation::unicode_casemap && needs_only_subjects())
    return gather_subjects(reader, view, positions, next);
  return each_summary(reader, view, positions, next, [&](std::size_t index, const mime::fb::Summary* summary) {
    take(index, view.at(positions[index]), summary, {});
  });
}

bool Sorter::comes_before(std::uint32_t a, std::uint32_t b) const {
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const Cell& x = columns_[k][a];
    const Cell& y = columns_[k][b];
    if (x.number != y.number) return (x.number < y.number) != keys_[k].reverse;
    if (!keys_[k].is_text()) continue;
    if (const int found = x.text.compare(y.text); found != 0) return (found < 0) != keys_[k].reverse;
  }
  return uids_[a] < uids_[b];
}

// What decides between entries at this point, beside them: comparing goes through memory in order.
struct Sorter::Weighed {
  std::uint64_t weight;
  std::uint32_t entry;
};

std::uint64_t Sorter::weight(std::uint32_t entry, std::size_t key, std::size_t from) const {
  const Cell& cell = columns_[key][entry];
  const std::uint64_t number = from == 0 ? cell.number : eight_bytes(cell.text, from);
  return keys_[key].reverse ? ~number : number;
}

// By the bytes of `key` from `from` on and what comes after.
void Sorter::sort(std::span<Weighed> entries, std::size_t key, std::size_t from) const {
  for (Weighed& one : entries) one.weight = key == keys_.size() ? uids_[one.entry].value : weight(one.entry, key, from);
  std::sort(entries.begin(), entries.end(), [](const Weighed& a, const Weighed& b) { return a.weight < b.weight; });
  if (key == keys_.size()) return;
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    for (end = begin + 1; end < entries.size() && entries[end].weight == entries[begin].weight;) ++end;
    if (end - begin > 1) sort_equals(entries.subspan(begin, end - begin), key, from);
  }
}

// Those that are equal up to here.
void Sorter::sort_equals(std::span<Weighed> entries, std::size_t key, std::size_t from) const {
  constexpr std::size_t kFew = 16;
  const auto length = [&](const Weighed& one) { return columns_[key][one.entry].text.size(); };
  const bool is_text = keys_[key].is_text();
  const bool goes_on = is_text && std::any_of(entries.begin(), entries.end(),
                                              [&](const Weighed& one) { return length(one) > from + 8; });
  // Texts may end in NULs, which weigh nothing.
  const bool is_odd = is_text && !goes_on && std::any_of(entries.begin(), entries.end(), [&](const Weighed& one) {
                        return length(one) != length(entries.front());
                      });
  if (is_odd || entries.size() < kFew) {
    std::sort(entries.begin(), entries.end(),
              [&](const Weighed& a, const Weighed& b) { return comes_before(a.entry, b.entry); });
  } else {
    sort(entries, goes_on ? key : key + 1, goes_on ? from + 8 : 0);
  }
}

std::vector<std::uint32_t> Sorter::sorted(std::uint32_t first) const {
  std::vector<Weighed> entries(uids_.size() - first);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].entry = first + static_cast<std::uint32_t>(i);
  sort(entries, 0, 0);
  std::vector<std::uint32_t> order;
  order.reserve(entries.size());
  for (const Weighed& one : entries) order.push_back(one.entry);
  return order;
}

Sorter Sorter::with_only(const std::vector<std::uint32_t>& entries) const {
  Sorter kept(keys_, collation_);
  for (const std::uint32_t entry : entries) kept.uids_.push_back(uids_[entry]);
  for (std::size_t k = 0; k < keys_.size(); ++k)
    for (const std::uint32_t entry : entries)
      kept.columns_[k].push_back({columns_[k][entry].number, kept.texts_.keep(columns_[k][entry].text)});
  return kept;
}

}  // namespace kontor::groupware
