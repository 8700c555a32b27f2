// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/batch.h"

#include <algorithm>
#include <iterator>

#include "groupware/item_name.h"
#include "protocols/import/merge.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::FlagNames;
using groupware::Transaction;

constexpr std::size_t kVanishedLookedAt = 200;  // of those with the same content
constexpr const char* kChangedOnBothSides =
    "items were changed here and at the source since the last pass: they stay as they are here";

// Flags as they can be held here; how many keywords had to be rewritten.
FlagNames sound_flags(const archive::Item& item, std::uint64_t& rewritten) {
  FlagNames out{item.flags, {}};
  for (const auto& keyword : item.keywords) {
    auto sound = sound_keyword(keyword);
    if (sound != keyword) ++rewritten;
    if (!sound.empty()) out.keywords.push_back(std::move(sound));
  }
  return out;
}

ItemMark mark_of(const archive::Item& item, FolderId folder) {
  ItemMark mark;
  mark.folder = folder;
  mark.flags = item.flags;
  mark.keywords = item.keywords;
  mark.properties = item.properties;
  mark.date = item.date;
  mark.size = item.size;
  mark.hash = item.sha256;
  mark.name = item.name;
  mark.fingerprint = item.fingerprint;
  return mark;
}

FlagNames base_of(const ItemMark& mark) {
  std::uint64_t ignored = 0;
  archive::Item item;
  item.flags = mark.flags;
  item.keywords = mark.keywords;
  return sound_flags(item, ignored);
}

// An item's filing: in `preferred` if it is there.
const groupware::Filing* filing_of(const groupware::Item& item, FolderId preferred) {
  for (const auto& filing : item.filings) {
    if (filing.folder == preferred) return &filing;
  }
  return item.filings.empty() ? nullptr : &item.filings.front();
}

// Merges the source's flags, properties and date into the item.
Result<bool> merge_into(Transaction& transaction, const groupware::Item& item, const groupware::Filing& filing,
                        const ItemMark& base, const archive::Item& source, std::uint64_t& rewritten) {
  auto target = transaction.keywords()->spell(item.flags);
  if (filing.is_deleted) target.flags |= groupware::kDeleted;
  const auto merged = merge_flags(base_of(base), sound_flags(source, rewritten), target);
  bool changed = false;
  if (!same_flags(merged, target)) {
    groupware::FlagChange change;
    change.names = merged;
    TRY_VOID(transaction.change_flags(filing.folder, filing.uid, change));
    changed = true;
  }
  std::map<std::string, std::string> properties;
  for (const auto& [name, value] : source.properties) {
    const auto before = base.properties.find(name);
    if (before == base.properties.end() || before->second != value) properties[name] = value;
  }
  for (const auto& [name, value] : source.kept) {
    const auto present = item.properties.find(name);
    if (present == item.properties.end() ? !value.empty() : present->second != value) properties[name] = value;
  }
  if (!properties.empty()) {
    TRY_VOID(transaction.set_properties(item.id, properties));
    changed = true;
  }
  return changed;
}

// With those that come with the content; empty ones are none.
std::map<std::string, std::string> all_properties(const archive::Item& item) {
  auto all = item.properties;
  for (const auto& [name, value] : item.kept) all.insert_or_assign(name, value);
  std::erase_if(all, [](const auto& one) { return one.second.empty(); });
  return all;
}

// A name that nothing else in the folder has, as near as can be to the source's. Empty: the source says none.
std::string free_name(const Transaction& transaction, FolderId folder, const std::string& wanted,
                      std::uint64_t& rewritten) {
  if (wanted.empty()) return {};
  std::string name = groupware::check_item_name(wanted) ? wanted : groupware::sound_item_name(wanted, "");
  const std::string base = name;
  for (std::size_t number = 2; transaction.named(folder, name) && number < 1000; ++number)
    name = groupware::numbered_item_name(base, number);
  if (name != wanted) ++rewritten;
  return name;
}

// Names what was taken though nobody could understand it.
void tell_damage(const Step& step, archive::Answer& answer) {
  const auto& description = step.content->description;
  if (description && !description->facts.problem.empty())
    answer.damaged.push_back({step.item.key, description->facts.problem});
}

// What a step holds, roughly.
std::size_t memory_of(const Step& step) {
  std::size_t bytes = 500 + step.key.size() + step.item.key.size() + step.item.reason.size() + step.pass.state.size();
  for (const auto& keyword : step.item.keywords) bytes += 50 + keyword.size();
  for (const auto* properties : {&step.item.properties, &step.item.kept})
    for (const auto& [name, value] : *properties) bytes += 100 + name.size() + value.size();
  if (!step.content) return bytes;
  if (step.content->inline_bytes) bytes += step.content->inline_bytes->size();
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
  auto done = transaction.add(placed.folder, item, options);
  if (!done && done.error().code == Errc::exists) {
    TRY(const bool adopted, adopt(transaction, step, placed.folder, answer));
    if (adopted) return {};
  }
  if (!done) return std::unexpected(done.error());
  const auto& added = *done;
  tell_damage(step, answer);
  const auto mark = mark_of(step.item, placed.folder);
  TRY_VOID(transaction.note_imported(source_, item_mark_key(folder.code, step.key), {added.item, encode(mark)}));
  ++answer.counts.copied;
  answer.counts.bytes += step.item.size;
  answer.counts.names_rewritten += rewritten;
  if (step.item.uid != 0 && (!placed.keeps_uids || added.uid.value != step.item.uid)) ++answer.counts.uids_changed;
  return {};
}

// An item with this UID is there already: the same one under another key, if it has the same content, or if it vanished
// at the source and comes back under another name.
Result<bool> Batch::adopt(Transaction& transaction, const Step& step, FolderId folder, archive::Answer& answer) {
  const auto& description = step.content->description;
  if (!description || description->facts.uid.empty()) return false;
  TRY(const auto places, transaction.with_uid(std::nullopt, description->facts.uid));
  const auto place = std::find_if(places.begin(), places.end(), [&](const auto& one) { return one.folder == folder; });
  if (place == places.end()) return false;
  TRY(const auto item, transaction.item(place->item));
  std::string vanished_at;
  TRY_VOID(transaction.ledger_scan(source_, "V", [&](std::string_view key, const groupware::LedgerEntry& entry) {
    if (!key.starts_with('V')) return false;
    if (entry.item == item.id) vanished_at = key;
    return vanished_at.empty();
  }));
  if (vanished_at.empty() && item.hash != step.item.sha256) return false;
  bool is_kept = false;  // what its user wrote here stays
  if (const auto former = place_of_vanished(vanished_at)) {
    TRY(const auto brought, find_item(transaction, source_, former->code, former->item_key));
    is_kept = item.hash != step.item.sha256 && brought && item.hash != brought->mark.hash;
    TRY_VOID(transaction.forget_imported(source_, vanished_at));
    TRY_VOID(transaction.forget_imported(source_, item_mark_key(former->code, former->item_key)));
  }
  if (item.hash != step.item.sha256 && !is_kept) {
    groupware::NewItem other;
    other.kind = step.item_kind;
    other.content = *step.content;
    TRY_VOID(transaction.replace(folder, place->uid, other));
    tell_damage(step, answer);
  }
  TRY(const auto entry, transaction.entry(folder, place->uid));
  if (!step.item.name.empty() && entry.name != step.item.name && !transaction.named(folder, step.item.name) &&
      groupware::check_item_name(step.item.name))
    TRY_VOID(transaction.rename(folder, place->uid, step.item.name));
  const auto code = folders_.at(step.folder).code;
  TRY_VOID(
      transaction.note_imported(source_, item_mark_key(code, step.key), {item.id, encode(mark_of(step.item, folder))}));
  ++(is_kept ? answer.counts.kept : vanished_at.empty() ? answer.counts.present : answer.counts.moved);
  if (is_kept) answer.note = kChangedOnBothSides;
  return true;
}

// If an item with this content vanished elsewhere at the source, it moved: so it does here.
Result<bool> Batch::move_vanished(Transaction& transaction, const Step& step, archive::Answer& answer) {
  std::vector<std::string> keys;
  const auto prefix = vanished_prefix(step.item.sha256);
  TRY_VOID(transaction.ledger_scan(source_, prefix, [&](std::string_view key, const groupware::LedgerEntry&) {
    if (!key.starts_with(prefix)) return false;
    keys.emplace_back(key);
    return keys.size() < kVanishedLookedAt;
  }));
  std::optional<ItemPlace> place;
  std::optional<KnownItem> found;
  for (const auto& key : keys) {
    auto candidate = place_of_vanished(key);
    if (!candidate) continue;
    TRY(auto known, find_item(transaction, source_, candidate->code, candidate->item_key));
    if (!known) continue;
    const bool same_date = known->mark.date == step.item.date;
    if (found && !same_date) continue;
    place = std::move(candidate);
    found = std::move(known);
    if (same_date) break;
  }
  if (!found) return false;
  auto& folder = folders_.at(step.folder);
  TRY(const auto placed, target(transaction, folder));
  auto mark = mark_of(step.item, placed.folder);
  auto item = transaction.item(found->item);
  if (item && filing_of(*item, found->mark.folder) != nullptr) {
    auto filing = *filing_of(*item, found->mark.folder);
    std::uint32_t uid = filing.uid.value;
    if (filing.folder == found->mark.folder && filing.folder != placed.folder) {
      TRY(auto there, transaction.folder(placed.folder));
      if (step.item.uid > there->next_uid.value) {
        Transaction::FolderChange change;
        change.next_uid = Uid(step.item.uid);
        TRY_VOID(transaction.change_folder(placed.folder, change));
      }
      const auto name = free_name(transaction, placed.folder, step.item.name, answer.counts.names_rewritten);
      TRY(const auto added, transaction.move(filing.folder, filing.uid, placed.folder, name));
      uid = added.uid.value;
      TRY(item, transaction.item(added.item));
      filing = *filing_of(*item, placed.folder);
      found->item = added.item;
    } else if (filing.folder != placed.folder) {
      mark.folder = found->mark.folder;  // its user moved it here: it stays where they put it
    } else if (!step.item.name.empty() && filing.name == found->mark.name && filing.name != step.item.name) {
      TRY_VOID(
          transaction.rename(filing.folder, filing.uid,
                             free_name(transaction, filing.folder, step.item.name, answer.counts.names_rewritten)));
    }
    TRY_VOID(merge_into(transaction, *item, filing, found->mark, step.item, answer.counts.names_rewritten));
    if (item->internal_date != step.item.date) TRY_VOID(transaction.set_internal_date(item->id, step.item.date));
    if (step.item.uid != 0 && (!placed.keeps_uids || uid != step.item.uid)) ++answer.counts.uids_changed;
  }
  TRY_VOID(transaction.forget_imported(source_, vanished_key(step.item.sha256, place->code, place->item_key)));
  TRY_VOID(transaction.forget_imported(source_, item_mark_key(place->code, place->item_key)));
  TRY_VOID(transaction.note_imported(source_, item_mark_key(folder.code, step.key), {found->item, encode(mark)}));
  ++answer.counts.moved;
  return true;
}

Result<bool> Batch::follow_content(Transaction& transaction, const Step& step, const groupware::Item& item,
                                   const groupware::Filing& filing, const ItemMark& mark, archive::Answer& answer) {
  bool changed = false;
  if (!step.item.name.empty() && step.item.name != mark.name && filing.name == mark.name) {
    TRY_VOID(transaction.rename(filing.folder, filing.uid,
                                free_name(transaction, filing.folder, step.item.name, answer.counts.names_rewritten)));
    changed = true;
  }
  if (step.content && step.item.sha256 != mark.hash && step.item.sha256 != item.hash) {
    if (item.hash != mark.hash) {  // changed on both sides: what its user wrote here stays
      ++answer.counts.kept;
      answer.note = kChangedOnBothSides;
      return changed;
    }
    groupware::NewItem other;
    other.kind = step.item_kind;
    other.content = *step.content;
    if (step.item.date != InternalDate()) other.internal_date = step.item.date;
    TRY_VOID(transaction.replace(filing.folder, filing.uid, other));
    tell_damage(step, answer);
    answer.counts.bytes += step.item.size;
    return true;
  }
  if (step.item_kind == groupware::Kind::files && step.item.date != mark.date && item.internal_date == mark.date) {
    TRY_VOID(transaction.set_internal_date(item.id, step.item.date));
    changed = true;
  }
  return changed;
}

// A message that was edited at the source becomes another one, with the flags that it has here, in the former one's
// folder; the former one stays recoverable.
Result<void> Batch::replace_message(Transaction& transaction, const Step& step, const groupware::Item& item,
                                    const groupware::Filing& filing, archive::Answer& answer) {
  TRY(const auto there, transaction.item(item.id));
  groupware::NewItem other;
  other.kind = step.item_kind;
  other.content = *step.content;
  other.flags = transaction.keywords()->spell(there.flags);
  if (filing.is_deleted) other.flags.flags |= groupware::kDeleted;
  other.internal_date = step.item.date;
  other.properties = all_properties(step.item);
  Transaction::AddOptions options;
  options.ignore_quota = ignore_quota_;
  TRY(const auto added, transaction.add(filing.folder, other, options));
  TRY_VOID(transaction.remove(filing.folder, filing.uid));
  const auto& folder = folders_.at(step.folder);
  TRY_VOID(transaction.note_imported(source_, item_mark_key(folder.code, step.key),
                                     {added.item, encode(mark_of(step.item, filing.folder))}));
  ++answer.counts.updated;
  answer.counts.bytes += step.item.size;
  return {};
}

// The item was brought before: what changed at the source changes here.
Result<void> Batch::merge(Transaction& transaction, const Step& step, archive::Answer& answer) {
  auto& folder = folders_.at(step.folder);
  TRY(auto known, find_item(transaction, source_, folder.code, step.key));
  auto& mark = known->mark;
  const bool same = mark.flags == step.item.flags && mark.keywords == step.item.keywords &&
                    mark.properties == step.item.properties && mark.name == step.item.name &&
                    mark.fingerprint == step.item.fingerprint && !mark.is_vanished;
  if (same) {
    ++answer.counts.present;
    return {};
  }
  const bool is_other_content = mark.fingerprint != step.item.fingerprint;
  if (is_other_content && step.item.content == archive::Item::Content::refused) {
    answer.quarantined.push_back({step.item.key, step.item.reason});
    return {};
  }
  if (is_other_content && !step.content && step.item.sha256 != mark.hash) {
    answer.needed.push_back(step.item.key);
    return {};
  }
  auto item = transaction.item(known->item);
  const auto* filing = item ? filing_of(*item, mark.folder) : nullptr;
  bool changed = false;
  if (filing != nullptr) {
    TRY(changed, merge_into(transaction, *item, *filing, mark, step.item, answer.counts.names_rewritten));
    if (step.item_kind == groupware::Kind::mail) {
      if (is_other_content && step.content && step.item.sha256 != mark.hash && step.item.sha256 != item->hash)
        return replace_message(transaction, step, *item, *filing, answer);
    } else {
      TRY(const bool followed, follow_content(transaction, step, *item, *filing, mark, answer));
      changed = changed || followed;
    }
  }
  if (mark.is_vanished) TRY_VOID(transaction.forget_imported(source_, vanished_key(mark.hash, folder.code, step.key)));
  auto after = mark_of(step.item, mark.folder);
  if (step.item_kind == groupware::Kind::mail) after.date = mark.date;
  if (step.item.sha256.empty() || step.item_kind == groupware::Kind::mail) {
    after.size = mark.size;
    after.hash = mark.hash;
  }
  TRY_VOID(transaction.note_imported(source_, item_mark_key(folder.code, step.key), {known->item, encode(after)}));
  ++(changed ? answer.counts.updated : answer.counts.present);
  return {};
}

}  // namespace kontor::importing
