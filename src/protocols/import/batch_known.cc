// SPDX-License-Identifier: AGPL-3.0-or-later
// Of a batch: items that are here already, or were.
#include <algorithm>

#include "groupware/item_name.h"
#include "protocols/import/attached.h"
#include "protocols/import/batch.h"
#include "protocols/import/step_parts.h"

namespace kontor::importing {
namespace {

using groupware::Transaction;

constexpr std::size_t kVanishedLookedAt = 200;  // of those with the same content
constexpr const char* kChangedOnBothSides =
    "items were changed here and at the source since the last pass: they stay as they are here";

// The hash of an item's content as it came, or as it would have come from the source.
Result<std::string> hash_as_it_came(const Transaction& transaction, const Step& step, const groupware::Item& item) {
  if (step.item.attachments.empty()) return item.hash;
  const auto came = as_it_came(transaction, item, false);
  if (!came && came.error().code == Errc::unavailable) return std::unexpected(came.error());
  return came ? came->sha256 : item.hash;
}

}  // namespace

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
  TRY(const std::string hash, hash_as_it_came(transaction, step, item));
  const bool is_same = hash == step.item.sha256;
  if (vanished_at.empty() && !is_same) return false;
  bool is_kept = false;  // what its user wrote here stays
  if (const auto former = place_of_vanished(vanished_at)) {
    TRY(const auto brought, find_item(transaction, source_, former->code, former->item_key));
    is_kept = !is_same && brought && item.hash != brought->mark.here();
    TRY_VOID(transaction.forget_imported(source_, vanished_at));
    TRY_VOID(transaction.forget_imported(source_, item_mark_key(former->code, former->item_key)));
  }
  if (!is_same && !is_kept) {
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
  ItemMark mark = mark_of(step, folder);
  if (is_same) mark.held = item.hash == mark.hash ? std::string() : item.hash;
  TRY_VOID(transaction.note_imported(source_, item_mark_key(code, step.key), {item.id, encode(mark)}));
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
  auto mark = mark_of(step, placed.folder);
  mark.size = found->mark.size;
  mark.held = found->mark.held;
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
    if (item.hash != mark.here()) {  // changed on both sides: what its user wrote here stays
      ++answer.counts.kept;
      answer.note = kChangedOnBothSides;
      return changed;
    }
    groupware::NewItem other;
    other.kind = step.item_kind;
    other.content = *step.content;
    if (step.item.date != InternalDate()) other.internal_date = step.item.date;
    TRY_VOID(attach_all(transaction, step));
    TRY_VOID(transaction.replace(filing.folder, filing.uid, other));
    tell_damage(step, answer);
    answer.counts.bytes += bytes_of(step);
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
                                     {added.item, encode(mark_of(step, filing.folder))}));
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
  auto after = mark_of(step, mark.folder);
  if (step.item_kind == groupware::Kind::mail) after.date = mark.date;
  if (step.item.sha256.empty() || step.item_kind == groupware::Kind::mail) {
    after.size = mark.size;
    after.hash = mark.hash;
  }
  if (after.hash == mark.hash) {
    after.size = mark.size;
    after.held = mark.held;
  }
  TRY_VOID(transaction.note_imported(source_, item_mark_key(folder.code, step.key), {known->item, encode(after)}));
  ++(changed ? answer.counts.updated : answer.counts.present);
  return {};
}

}  // namespace kontor::importing
