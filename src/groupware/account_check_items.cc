// SPDX-License-Identifier: AGPL-3.0-or-later
// The items half of an account's check.
#include <fmt/core.h>

#include <algorithm>

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/account_check.h"
#include "groupware/calendar/attachments.h"
#include "groupware/keys.h"
#include "groupware/stored_content.h"

namespace kontor::groupware {

Result<void> AccountCheck::check_items() {
  TRY_VOID(each(key::all('I'), [&](std::string_view key, std::string_view value) -> Result<void> {
    ItemId id(read_be64(key.substr(1)));
    Result<ItemRecord> item = decode_item(id, value);
    if (!item) {
      fault(at(id), item.error().text, false);
      return {};
    }
    if (item->properties.contains(kAttachmentId)) {
      attachments_.push_back(*std::move(item));
      return {};
    }
    return check_item(*std::move(item));
  }));
  for (ItemRecord& item : std::exchange(attachments_, {})) TRY_VOID(check_attachment(std::move(item)));
  return {};
}

Result<void> AccountCheck::check_item(ItemRecord item) {
  if (item.id.value >= record_.next_item) {
    fault(at(item.id), "its id is above the account's counter", true);
    record_.next_item = item.id.value + 1;
  }
  bool is_changed = false;
  if (is_described(item.kind)) TRY_VOID(check_facts(item, is_changed));
  TRY_VOID(check_guests(item, is_changed));
  TRY_VOID(check_filings(item, is_changed));
  TRY_VOID(check_content(item));
  if (item.kind == Kind::mail) TRY_VOID(check_summary(item));
  if (item.filings.empty()) return {};
  report_.items += 1;
  report_.bytes += item.size;
  items_ += 1;
  bytes_ += item.size;
  return {};
}

// The item's filings say which rows there must be; a row says the flags.
Result<void> AccountCheck::check_filings(ItemRecord& item, bool is_changed) {
  std::erase_if(item.filings, [&](const Filing& filing) {
    if (folders_.contains(filing.folder) || doomed_.contains(filing.folder)) return false;
    fault(at(item.id), fmt::format("it is filed in folder {}, which is not there", filing.folder.value), true);
    is_changed = true;
    return true;
  });
  if (item.filings.empty() && item.removed_at == Instant()) {
    fault(at(item.id), "it is in no folder and was not removed: it goes to the default one", true);
    for (auto& [id, folder] : folders_) {
      if (folder.role != default_role(item.kind)) continue;
      item.filings.push_back({id, folder.next_uid, Modseq(record_.modseq.value + 1), false, item.removed_name});
      folder.next_uid = Uid(folder.next_uid.value + 1);
      changed_.insert(id);
    }
    is_changed = true;
  }
  for (Filing& filing : item.filings) {
    if (doomed_.contains(filing.folder)) continue;
    Folder& folder = folders_.at(filing.folder);
    TRY(std::optional<store::Value> stored, snapshot_.get(key::filing(filing.folder, filing.uid)));
    std::string bytes = stored ? std::string(*stored) : std::string();
    Result<RowRecord> present = decode_row(filing.uid, bytes);
    TRY(const FlagBlock* block, flag_block(filing.folder, filing.uid));
    if (present && stored) {
      if (block && block->apply(*present)) bytes = encode(*present);
      complete_item(item, *present, filing);
    }
    // Clients that knew its flags must hear of the ones it has now.
    if (!present || !stored || !block) filing.modseq = Modseq(record_.modseq.value + 1);
    std::string right = encode(make_row(item, filing));
    if (bytes != right) {
      const char* lost = !stored  ? "its row is missing; its flags are lost"
                         : !block ? "its latest flags may be lost; it gets the ones of before"
                                  : "its row differs from its item";
      fault(at(filing.folder, filing.uid), lost, true);
      put(key::filing(filing.folder, filing.uid), right);
      changed_.insert(filing.folder);
    }
    if (filing.uid >= folder.next_uid) {
      fault(at(filing.folder, filing.uid), "its UID is not below the folder's next one", true);
      folder.next_uid = Uid(filing.uid.value + 1);
      changed_.insert(filing.folder);
    }
    if (item.kind != Kind::mail) TRY_VOID(check_name(item, filing, is_changed));
    if (is_described(item.kind)) TRY_VOID(check_indexes(item, filing));
    Counters& counters = counted_[filing.folder];
    counters.total += 1;
    counters.unseen += item.flags.has(kSeen) ? 0 : 1;
    counters.deleted += filing.is_deleted ? 1 : 0;
    counters.bytes += item.size;
    counters.highest = std::max(counters.highest, filing.modseq);
  }
  if (is_changed) put(key::item(item.id), encode(item));
  if (item.removed_at == Instant()) return {};
  std::string removed = key::removed(item.removed_at.time_since_epoch().count(), item.id);
  TRY(bool is_listed, has(removed));
  if (!is_listed) {
    fault(at(item.id), "it was removed but is not listed as recoverable", true);
    put(removed, std::string());
  }
  return check_version(item);
}

Result<void> AccountCheck::check_content(const ItemRecord& item) {
  if (!item.content) {
    TRY(bool is_noted, has(key::blob(item.hash, item.id)));
    if (!is_noted) {
      fault(at(item.id), "its use of a blob is not noted", true);
      put(key::blob(item.hash, item.id), std::string());
    }
    // The blob store's own note of this account: without it a sweep could take the blob away.
    if (repair_) (void)environment_.blobs.refer(who_.tenant, item.hash, who_.account());
    Result<std::uint64_t> size = environment_.blobs.size(who_.tenant, item.hash);
    if (!size && size.error().code != Errc::not_found) return std::unexpected(size.error());
    if (!size || *size != item.size)
      fault(at(item.id), size ? "its blob has another size" : "its blob is missing", false);
    return {};
  }
  if (item.content != item.id) {
    TRY(bool is_noted, has(key::shared_content(item.content, item.id)));
    if (!is_noted) {
      fault(at(item.id), "its use of another item's content is not noted", true);
      put(key::shared_content(item.content, item.id), std::string());
    }
  }
  TRY(std::optional<store::Value> bytes, snapshot_.get(key::content(item.content), store::Space::content));
  if (!bytes)
    fault(at(item.id), "its content is missing", false);
  else if (bytes->size() != item.size)
    fault(at(item.id), "its content has another size", false);
  else if (options_.read_content && sha256(*bytes) != item.hash)
    fault(at(item.id), "its content has another hash", false);
  return {};
}

Result<void> AccountCheck::check_summary(const ItemRecord& item) {
  TRY(std::optional<store::Value> stored, snapshot_.get(key::summary(item.id)));
  if (stored && mime::is_sound_summary(Aligned(*stored).view())) return {};
  fault(at(item.id), stored ? "its summary is damaged" : "its summary is missing", true);
  if (!repair_) return {};
  std::shared_ptr<const Content> content;
  if (item.content) {
    TRY(std::optional<store::Value> bytes, snapshot_.get(key::content(item.content), store::Space::content));
    if (!bytes) return {};
    content = inline_content(std::string(*bytes));
  } else {
    content = blob_content(environment_.blobs, who_.tenant, item.hash, item.size);
  }
  if (Result<std::string> summary = summarize_content(*content)) put(key::summary(item.id), *std::move(summary));
  return {};
}

}  // namespace kontor::groupware
