// SPDX-License-Identifier: AGPL-3.0-or-later
// The two steps of removal: an item that leaves its last folder is kept for a while, then purged.
#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "groupware/calendar/attachments.h"
#include "groupware/hold.h"
#include "groupware/keys.h"
#include "groupware/threads.h"
#include "groupware/transaction.h"
#include "groupware/unsaid_folders.h"

namespace kontor::groupware {
namespace {

// In the note of a removed folder.
constexpr const char* kRemovedBy = "removed.by";

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

PrincipalId remover_of(FolderId id, std::string_view note) {
  const auto folder = decode_folder(id, note);
  if (!folder) return {};
  const auto by = folder->properties.find(kRemovedBy);
  return PrincipalId(by == folder->properties.end() ? 0 : number_in(by->second));
}

// What is in it is still to be told.
bool is_unsaid(FolderId id, std::string_view note) {
  const auto folder = decode_folder(id, note);
  return folder && folder->properties.contains(kUnsaid);
}

}  // namespace

Result<void> AccountTransaction::unfile(ItemRecord item, std::size_t index) {
  Filing filing = item.filings[index];
  item.filings.erase(item.filings.begin() + static_cast<std::ptrdiff_t>(index));
  count(filing.folder, item, filing.is_deleted, -1);
  hide(filing.folder, filing.uid, filing.name, audience_of(item));
  TRY_VOID(unlist(item, filing));
  item.removed_name = filing.name;
  return leave(std::move(item), filing.folder, caller_.principal);
}

bool AccountTransaction::keeps_removed() const {
  const Result<directory::Tenant> tenant = environment_.directory.tenant(ownership_.tenant);
  return (tenant && tenant->recoverable_days != 0) || is_held(environment_.directory, ownership_.account);
}

Result<void> AccountTransaction::leave(ItemRecord item, FolderId from, PrincipalId by) {
  if (!item.filings.empty()) {
    for (const Filing& left : item.filings) show(item, left);
    store(item);
    return {};
  }
  layer_.record.bytes -= item.size;
  layer_.record.items -= 1;
  layer_.log.items_changed.erase(item.id);
  layer_.log.items_removed.insert(item.id);
  if (!keeps_removed()) return purge(item);
  item.removed_at = environment_.clock.now();
  item.removed_from = from;
  item.removed_by = by;
  item.modified = number();
  layer_.put(key::item(item.id), encode(item));
  layer_.put(key::removed(item.removed_at.time_since_epoch().count(), item.id), std::string());
  return {};
}

Result<void> AccountTransaction::purge(const ItemRecord& item) {
  layer_.erase(key::lesson(item.id));  // lessons may be of a time when they were noted
  layer_.erase(key::item(item.id));
  layer_.erase(key::summary(item.id));
  if (item.kind != Kind::mail) layer_.erase(key::facts(item.id));
  drop_own(item);
  leave_thread(layer_, item);
  if (item.removed_at != Instant()) layer_.erase(key::removed(item.removed_at.time_since_epoch().count(), item.id));
  if (const auto of = item.properties.find(kVersionOf); of != item.properties.end())
    layer_.erase(key::version(ItemId(number_in(of->second)), item.id));
  if (const auto id = item.properties.find(kAttachmentId); id != item.properties.end())
    layer_.erase(key::attachment(id->second));
  return leave_content(item);
}

Result<void> AccountTransaction::leave_content(const ItemRecord& item) {
  if (!item.content) {
    layer_.erase(key::blob(item.hash, item.id));
    return {};
  }
  if (item.content != item.id) layer_.erase(key::shared_content(item.content, item.id));
  TRY(const bool is_shared, layer_.any(key::sharers(item.content)));
  if (is_shared) return {};
  // The item under whose id it is kept may have another content by now.
  bool is_used = false;
  if (item.content != item.id) {
    TRY(const std::optional<std::string> stored, layer_.get(key::item(item.content)));
    if (stored) {
      TRY(const ItemRecord owner, decode_item(item.content, *stored));
      is_used = owner.content == item.content;
    }
  }
  if (!is_used) layer_.erase_content(item.content);
  return {};
}

Result<std::size_t> AccountTransaction::purge_removed(Instant before, std::size_t limit) {
  std::vector<std::string> due;
  if (is_held(environment_.directory, ownership_.account)) return 0;
  std::string last = key::removed(before.time_since_epoch().count(), ItemId());
  TRY_VOID(layer_.scan(key::all('X'), last, [&](std::string_view key, std::string_view) {
    due.emplace_back(key);
    return due.size() < limit;
  }));
  for (const std::string& note : due) {
    layer_.erase(note);
    ItemId id(read_be64(std::string_view(note).substr(9)));
    TRY(std::optional<std::string> stored, layer_.get(key::item(id)));
    if (!stored) continue;
    TRY(ItemRecord item, decode_item(id, *stored));
    // A note of an item that is in a folder after all is wrong, not the item.
    if (item.filings.empty()) TRY_VOID(purge(item));
  }
  return due.size();
}

// The folder is gone at once; its rows are taken away in the background.
void AccountTransaction::doom(const Folder& folder, Meetings meetings) {
  Folder gone = folder;
  if (meetings != Meetings::silent) gone.properties[kUnsaid] = meetings == Meetings::told ? kTells : kTellsNoReplies;
  if (caller_.principal) gone.properties[kRemovedBy] = std::to_string(caller_.principal.value);
  layer_.put(key::doomed(folder.id), encode(gone));
  layer_.dooms = true;
}

Result<bool> AccountTransaction::empty_doomed(std::size_t limit) {
  std::vector<std::pair<FolderId, PrincipalId>> folders;  // and who removed them
  std::vector<std::string> wrong;
  TRY_VOID(layer_.scan(key::all('D'), key::end("D"), [&](std::string_view key, std::string_view value) {
    const FolderId folder(key.size() == 9 ? read_be64(key.substr(1)) : 0);
    const bool is_gone = folder && !layer_.folder(folder);
    if (!is_gone)
      wrong.emplace_back(key);
    else if (!is_unsaid(folder, value))
      folders.emplace_back(folder, remover_of(folder, value));
    return true;
  }));
  // A note of a folder that is there after all is wrong, not the folder.
  for (std::string& note : wrong) layer_.erase(std::move(note));
  for (const auto& [folder, by] : folders) {
    std::vector<RowRecord> rows;
    std::optional<Error> fault;
    const std::string prefix = key::filings(folder);
    TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view value) {
      Result<RowRecord> row = decode_row(Uid(read_be32(key.substr(9))), value);
      if (row)
        rows.push_back(*std::move(row));
      else
        fault = row.error();
      return !fault && rows.size() < limit;
    }));
    if (fault) return std::unexpected(*fault);
    if (!rows.empty()) {
      TRY(FlagBlocks blocks, layer_.flag_blocks(folder, rows.front().row.uid, rows.back().row.uid));
      for (RowRecord& row : rows) {
        TRY_VOID(blocks.apply(row));
        if (const auto* pending = layer_.pending_row(folder, row.row.uid); pending != nullptr && *pending)
          row = RowRecord{(*pending)->row, (*pending)->rare};
        TRY_VOID(empty_doomed(row, folder, by));
      }
    }
    if (rows.size() == limit) return true;
    limit -= rows.size();
    TRY_VOID(drop_flag_blocks(folder));
    layer_.erase(key::doomed(folder));
  }
  return false;
}

Result<void> AccountTransaction::drop_flag_blocks(FolderId folder) {
  std::vector<std::string> keys;
  const std::string prefix = key::flag_blocks(folder);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  }));
  for (std::string& key : keys) layer_.erase(std::move(key));
  return {};
}

Result<void> AccountTransaction::empty_doomed(const RowRecord& row, FolderId folder, PrincipalId by) {
  layer_.erase(key::filing(folder, row.row.uid));
  TRY(const std::optional<std::string> stored, layer_.get(key::item(row.row.item)));
  if (!stored) return {};
  TRY(ItemRecord item, decode_item(row.row.item, *stored));
  const auto at = std::find_if(item.filings.begin(), item.filings.end(), [&](const Filing& filing) {
    return filing.folder == folder && filing.uid == row.row.uid;
  });
  // An update that changed the item meanwhile has left this filing out.
  if (at == item.filings.end()) return {};
  complete_item(item, row, *at);
  TRY_VOID(unlist(item, *at));
  item.removed_name = at->name;
  item.filings.erase(at);
  drop_doomed(item);
  if (!item.filings.empty()) TRY_VOID(complete(item));
  return leave(std::move(item), folder, by);
}

Result<ItemRecord> AccountTransaction::removed(ItemId id) {
  TRY(const std::optional<std::string> stored, layer_.get(key::item(id)));
  if (!stored) return fail(Errc::not_found, "there is no such item");
  TRY(ItemRecord item, decode_item(id, *stored));
  if (!item.filings.empty() || item.removed_at == Instant()) return fail(Errc::not_found, "the item is not removed");
  return item;
}

Result<Added> AccountTransaction::restore(ItemId id, FolderId to) {
  if (!ownership_.is_full) return fail(Errc::denied, "this account is not yours");
  TRY(const std::shared_ptr<const Folder> folder, may(to, right::kInsert));
  TRY(ItemRecord item, removed(id));
  TRY_VOID(check_takes_items(*folder, item.kind));
  TRY(std::string name, name_for(item.kind, to, std::string(), item.removed_name));
  TRY_VOID(check_quota(item.size));
  TRY(const std::optional<Facts> facts, facts_of(item));
  if (facts) TRY_VOID(check_own_uid(facts->uid, to));
  return come_back(std::move(item), *folder, std::move(name));
}

Result<Added> AccountTransaction::come_back(ItemRecord item, const Folder& folder, std::string name) {
  const ItemId id = item.id;
  const FolderId to = folder.id;
  layer_.erase(key::removed(item.removed_at.time_since_epoch().count(), id));
  item.removed_at = Instant();
  item.removed_from = FolderId();
  item.removed_by = PrincipalId();
  item.saved = environment_.clock.now();
  item.removed_name.clear();
  if (const auto of = item.properties.find(kVersionOf); of != item.properties.end()) {
    layer_.erase(key::version(ItemId(number_in(of->second)), id));
    item.properties.erase(of);
  }
  const Filing filing = file(item, to, folder.next_uid, std::move(name));
  TRY_VOID(list(item, filing));
  // One that nothing refers to does not stay.
  if (const auto own = item.properties.find(kAttachmentId); own != item.properties.end())
    layer_.attachments.insert(own->second);
  count(to, item, false, 1);
  layer_.record.bytes += item.size;
  layer_.record.items += 1;
  layer_.log.items_removed.erase(id);
  show(item, filing);
  store(item);
  return Added{id, filing.uid, folder.uid_validity, filing.name};
}

Result<void> AccountTransaction::purge_removed_item(ItemId id) {
  if (!ownership_.is_full) return fail(Errc::denied, "this account is not yours");
  TRY(const ItemRecord item, removed(id));
  if (is_held(environment_.directory, ownership_.account))
    return fail(Errc::conflict, "the account is held: nothing of it goes for good");
  return purge(item);
}

}  // namespace kontor::groupware
