// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/batch.h"

#include <iterator>

#include "protocols/import/step_parts.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::Transaction;

// What a step holds, roughly.
std::size_t memory_of(const Step& step) {
  std::size_t bytes = 500 + step.key.size() + step.item.key.size() + step.item.reason.size() + step.pass.state.size();
  for (const auto& keyword : step.item.keywords) bytes += 50 + keyword.size();
  for (const auto* properties : {&step.item.properties, &step.item.kept})
    for (const auto& [name, value] : *properties) bytes += 100 + name.size() + value.size();
  if (!step.content) return bytes;
  if (step.content->inline_bytes) bytes += step.content->inline_bytes->size();
  for (const groupware::NewAttachment& one : step.attachments)
    bytes += 500 + (one.content.inline_bytes ? one.content.inline_bytes->size() : 0);
  if (step.content->mail) bytes += step.content->mail->summary.size();
  return bytes;
}

// Errors that concern one item only: it goes into quarantine and the others go on.
bool is_items_own(const Error& error) {
  return error.code == Errc::over_quota || error.code == Errc::invalid || error.code == Errc::too_large ||
         error.code == Errc::exists || error.code == Errc::denied;
}

}  // namespace

Batch::Batch(groupware::Account& account, std::string source, bool ignore_quota, Limits limits)
    : account_(account), source_(std::move(source)), ignore_quota_(ignore_quota), limits_(limits) {}

void Batch::add(Step step) {
  bytes_ += memory_of(step);
  steps_.push_back(std::move(step));
}

Result<std::vector<archive::Answer>> Batch::commit() {
  std::vector<archive::Answer> answers;
  if (steps_.empty()) return answers;
  const auto keep = [&] {
    for (auto& [number, answer] : outcome_) {
      answer.folder = folders_.at(number).record.key;
      if (!answer.quarantined.empty() || !answer.needed.empty()) folders_.at(number).incomplete = true;
      answers.push_back(std::move(answer));
    }
  };
  auto done =
      account_.update(Caller::system(), [&](Transaction& transaction) { return apply(transaction, 0, steps_.size()); });
  if (done) {
    keep();
  } else if (is_items_own(done.error())) {
    // Refused as a whole though each step was taken: find out which one it is.
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      auto one =
          account_.update(Caller::system(), [&](Transaction& transaction) { return apply(transaction, i, i + 1); });
      if (!one && !is_items_own(one.error())) return std::unexpected(one.error());
      if (!one) {
        outcome_.clear();
        outcome_[steps_[i].folder].quarantined.push_back({steps_[i].item.key, one.error().text});
      }
      keep();
    }
  } else {
    return std::unexpected(done.error());
  }
  steps_.clear();
  bytes_ = 0;
  return answers;
}

// Each step is taken as a whole or not at all: one that fails leaves nothing of itself to the others.
Result<void> Batch::apply(Transaction& transaction, std::size_t first, std::size_t last) {
  outcome_.clear();  // the change may run more than once
  for (std::size_t i = first; i < last; ++i) {
    const auto& step = steps_[i];
    auto& answer = outcome_[step.folder];
    const bool is_incomplete = !answer.quarantined.empty() || !answer.needed.empty();
    archive::Answer own;
    const auto done =
        transaction.attempt([&](Transaction& part) { return apply_step(part, step, own, is_incomplete); });
    if (!done && !is_items_own(done.error())) return done;
    if (!done) {
      answer.quarantined.push_back({step.item.key, done.error().text});
      continue;
    }
    answer.counts.add(own.counts);
    if (!own.note.empty()) answer.note = std::move(own.note);
    std::move(own.damaged.begin(), own.damaged.end(), std::back_inserter(answer.damaged));
    std::move(own.quarantined.begin(), own.quarantined.end(), std::back_inserter(answer.quarantined));
    std::move(own.needed.begin(), own.needed.end(), std::back_inserter(answer.needed));
  }
  return {};
}

Result<void> Batch::apply_step(Transaction& transaction, const Step& step, archive::Answer& answer,
                               bool is_incomplete) {
  if (step.kind == Step::Kind::item) return apply_item(transaction, step, answer);
  if (is_incomplete || folders_.at(step.folder).incomplete) return {};
  return apply_pass(transaction, step);
}

Result<void> Batch::apply_item(Transaction& transaction, const Step& step, archive::Answer& answer) {
  auto& folder = folders_.at(step.folder);
  TRY(auto known, find_item(transaction, source_, folder.code, step.key));
  if (known) return merge(transaction, step, answer);
  const auto content = step.item.content;
  if (content == archive::Item::Content::none) {
    answer.needed.push_back(step.item.key);
    return {};
  }
  if (content == archive::Item::Content::refused) {
    answer.quarantined.push_back({step.item.key, step.item.reason});
    return {};
  }
  TRY(const bool moved, move_vanished(transaction, step, answer));
  if (moved) return {};
  if (!step.content) {
    answer.needed.push_back(step.item.key);
    return {};
  }
  return add_new(transaction, step, answer);
}

Result<void> Batch::apply_pass(Transaction& transaction, const Step& step) {
  const auto& folder = folders_.at(step.folder);
  TRY(auto mark, find_folder(transaction, source_, folder.code));
  if (!mark) return {};
  const auto before = encode(*mark);
  mark->state = step.pass.state;
  mark->items = step.pass.items;
  const auto after = encode(*mark);
  if (after != before) {
    TRY_VOID(transaction.note_imported(source_, folder_mark_key(folder.code), {ItemId(), after}));
  }
  auto there = transaction.folder(mark->target);
  if (there && (*there)->uid_validity.value == folder.record.uid_validity &&
      (*there)->next_uid.value < folder.record.uid_next && !(*there)->is_container) {
    Transaction::FolderChange change;
    change.next_uid = Uid(folder.record.uid_next);
    TRY_VOID(transaction.change_folder(mark->target, change));
  }
  return {};
}

// Where the folder is; made anew here if its user removed it.
Result<Placed> Batch::target(Transaction& transaction, OpenFolder& folder) {
  if (folder.placed.folder && transaction.folder(folder.placed.folder)) return folder.placed;
  return place_folder(transaction, source_, folder.record, true);
}

Result<void> Batch::add_new(Transaction& transaction, const Step& step, archive::Answer& answer) {
  auto& folder = folders_.at(step.folder);
  TRY(const auto placed, target(transaction, folder));
  groupware::NewItem item;
  item.kind = step.item_kind;
  item.content = *step.content;
  std::uint64_t rewritten = 0;
  item.name = free_name(transaction, placed.folder, step.item.name, rewritten);
  item.flags = sound_flags(step.item, rewritten);
  // Some servers tell no dates of calendars and cards.
  const bool has_date = step.item_kind == groupware::Kind::mail || step.item.date != InternalDate();
  if (has_date) item.internal_date = step.item.date;
  item.properties = all_properties(step.item);
  Transaction::AddOptions options;
  options.ignore_quota = ignore_quota_;
  if (step.item.uid != 0) options.uid = Uid(step.item.uid);
  TRY_VOID(attach_all(transaction, step));
  auto done = transaction.add(placed.folder, item, options);
  if (!done && done.error().code == Errc::exists) {
    TRY(const bool adopted, adopt(transaction, step, placed.folder, answer));
    if (adopted) return {};
  }
  if (!done) return std::unexpected(done.error());
  const auto& added = *done;
  tell_damage(step, answer);
  const auto mark = mark_of(step, placed.folder);
  TRY_VOID(transaction.note_imported(source_, item_mark_key(folder.code, step.key), {added.item, encode(mark)}));
  ++answer.counts.copied;
  answer.counts.bytes += bytes_of(step);
  answer.counts.names_rewritten += rewritten;
  if (step.item.uid != 0 && (!placed.keeps_uids || added.uid.value != step.item.uid)) ++answer.counts.uids_changed;
  return {};
}

// Those that nothing refers to in the end are dropped with the commit.
Result<void> Batch::attach_all(Transaction& transaction, const Step& step) const {
  Transaction::AddOptions options;
  options.ignore_quota = ignore_quota_;
  for (const groupware::NewAttachment& one : step.attachments) TRY_VOID(transaction.attach(one, options));
  return {};
}

}  // namespace kontor::importing
