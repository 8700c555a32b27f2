// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/parser.h"
#include "groupware/keys.h"
#include "groupware/layer.h"
#include "groupware/records.h"
#include "groupware/stored_content.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kPairs = 512;  // read at once, before they are compared with others

struct Counters {
  std::uint32_t total = 0, unseen = 0, deleted = 0;
  std::uint64_t bytes = 0;
  Modseq highest;
};

// Checks one account on one snapshot. With a batch, it also gathers what puts the faults right.
class AccountCheck {
 public:
  AccountCheck(Environment& environment, const directory::Principal& who, store::Snapshot& snapshot,
               const CheckOptions& options, CheckReport& report, store::Batch* repair)
      : environment_(environment),
        who_(who),
        snapshot_(snapshot),
        options_(options),
        report_(report),
        repair_(repair) {}

  Result<void> run();

 private:
  using Visit = std::function<Result<void>(std::string_view key, std::string_view value)>;

  // Visits all pairs of a prefix; unlike a scan's, `visit` may read.
  Result<void> each(const std::string& prefix, const Visit& visit);
  Result<bool> has(const std::string& key);
  void fault(const std::string& where, std::string what, bool repaired);
  void put(std::string key, std::string value) {
    if (repair_) repair_->put(std::move(key), std::move(value));
  }
  void erase(std::string key) {
    if (repair_) repair_->erase(std::move(key));
  }
  std::string at(FolderId id) const;
  std::string at(ItemId id) const { return fmt::format("item {}", id.value); }
  std::string at(FolderId id, Uid uid) const { return fmt::format("{}, UID {}", at(id), uid.value); }

  Result<void> read_moment();
  void check_folders();
  Result<void> check_items();
  Result<void> check_item(ItemRecord item);
  Result<void> check_filings(ItemRecord& item);
  Result<void> check_content(const ItemRecord& item);
  Result<void> check_summary(const ItemRecord& item);
  Result<void> check_rows();
  void check_counters();
  Result<void> check_leftovers();
  Result<void> check_unused_content();
  Result<void> check_log();

  Environment& environment_;
  const directory::Principal& who_;
  store::Snapshot& snapshot_;
  const CheckOptions& options_;
  CheckReport& report_;
  store::Batch* repair_;

  AccountRecord record_;
  std::map<FolderId, Folder> folders_;
  std::map<FolderId, Counters> counted_;
  std::set<FolderId> changed_;  // by the repair
  std::uint64_t bytes_ = 0, items_ = 0;
  bool is_changed_ = false;
};

Result<void> AccountCheck::each(const std::string& prefix, const Visit& visit) {
  std::string next = prefix;
  std::string last = key::end(prefix);
  for (;;) {
    std::vector<std::pair<std::string, std::string>> pairs;
    TRY_VOID(snapshot_.scan(next, last, [&](store::Key key, store::Value value) {
      pairs.emplace_back(key, value);
      return pairs.size() < kPairs;
    }));
    for (const auto& [key, value] : pairs) TRY_VOID(visit(key, value));
    if (pairs.size() < kPairs) return {};
    next = pairs.back().first + '\0';
  }
}

Result<bool> AccountCheck::has(const std::string& key) {
  TRY(std::optional<store::Value> value, snapshot_.get(key));
  return value.has_value();
}

void AccountCheck::fault(const std::string& where, std::string what, bool repaired) {
  std::string account = who_.addresses.empty() ? std::string() : fmt::format(" ({})", who_.primary_address());
  std::string place = fmt::format("account {}{}", who_.account().value, account);
  if (!where.empty()) place += ", " + where;
  report_.faults.push_back({std::move(place), std::move(what), repaired && repair_});
  is_changed_ = is_changed_ || (repaired && repair_);
}

std::string AccountCheck::at(FolderId id) const {
  auto found = folders_.find(id);
  return found == folders_.end() ? fmt::format("folder {}", id.value)
                                 : fmt::format("folder {} \"{}\"", id.value, found->second.name);
}

Result<void> AccountCheck::run() {
  TRY(bool exists, has(key::account()));
  if (!exists) {
    TRY(bool has_items, [&]() -> Result<bool> {
      bool any = false;
      TRY_VOID(snapshot_.scan(key::all('F'), key::end("V"), [&](store::Key, store::Value) {
        any = true;
        return false;
      }));
      return any;
    }());
    if (has_items) fault("", "the account's own record is missing", false);
    return {};  // never opened: nothing to check
  }
  report_.accounts += 1;
  if (Result<void> read = read_moment(); !read) {
    if (read.error().code != Errc::corrupt) return read;
    fault("", read.error().text, false);
    return {};
  }
  check_folders();
  TRY_VOID(check_items());
  TRY_VOID(check_rows());
  check_counters();
  TRY_VOID(check_leftovers());
  if (options_.read_content) TRY_VOID(check_unused_content());
  TRY_VOID(check_log());
  if (!repair_ || !is_changed_) return {};
  // Clients shall see what the repair changed.
  ChangeRecord change;
  change.at = environment_.clock.now();
  record_.modseq = Modseq(record_.modseq.value + 1);
  // What was mended is in no change record: nobody may be told of changes since an earlier moment.
  record_.log_from = record_.modseq;
  for (FolderId id : changed_) {
    Folder& folder = folders_.at(id);
    folder.highest = record_.modseq;
    put(key::folder(id), encode(folder));
    change.folders_changed.push_back(id);
  }
  put(key::change(record_.modseq), encode(change));
  put(key::account(), encode(record_));
  return {};
}

Result<void> AccountCheck::read_moment() {
  TRY(std::shared_ptr<const Moment> moment, load_moment(snapshot_));
  record_ = moment->record;
  for (const FolderTable::Pointer& folder : moment->folders->all()) folders_.emplace(folder->id, *folder);
  return {};
}

void AccountCheck::check_folders() {
  std::set<std::pair<FolderId, std::string>> names;
  std::set<FolderRole> roles;
  for (auto& [id, folder] : folders_) {
    report_.folders += 1;
    if (id.value >= record_.next_folder) {
      fault(at(id), "its id is above the account's counter", true);
      record_.next_folder = id.value + 1;
    }
    if (!folder.uid_validity) fault(at(id), "it has no UIDVALIDITY", false);
    if (folder.highest > record_.modseq) {
      fault(at(id), "its modseq is above the account's", true);
      record_.modseq = folder.highest;
    }
    std::set<FolderId> above;
    for (FolderId parent = folder.parent; parent; parent = folders_.at(parent).parent) {
      if (folders_.contains(parent) && parent != id && above.insert(parent).second) continue;
      fault(at(id), "its parent folder is missing or lies within it", true);
      folder.parent = FolderId();
      changed_.insert(id);
      break;
    }
    if (!names.emplace(folder.parent, folder.name).second) {
      fault(at(id), "another folder beside it has the same name", true);
      folder.name = fmt::format("{} ({})", folder.name, id.value);
      changed_.insert(id);
    }
    if (folder.role != FolderRole::none && !roles.insert(folder.role).second) {
      fault(at(id), "another folder has the same role", true);
      folder.role = FolderRole::none;
      changed_.insert(id);
    }
  }
  if (!roles.contains(FolderRole::inbox)) fault("", "there is no inbox", false);
}

Result<void> AccountCheck::check_items() {
  return each(key::all('I'), [&](std::string_view key, std::string_view value) -> Result<void> {
    ItemId id(read_be64(key.substr(1)));
    Result<ItemRecord> item = decode_item(id, value);
    if (!item) {
      fault(at(id), item.error().text, false);
      return {};
    }
    return check_item(*std::move(item));
  });
}

Result<void> AccountCheck::check_item(ItemRecord item) {
  if (item.id.value >= record_.next_item) {
    fault(at(item.id), "its id is above the account's counter", true);
    record_.next_item = item.id.value + 1;
  }
  TRY_VOID(check_filings(item));
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
Result<void> AccountCheck::check_filings(ItemRecord& item) {
  bool is_changed = false;
  std::erase_if(item.filings, [&](const Filing& filing) {
    if (folders_.contains(filing.folder)) return false;
    fault(at(item.id), fmt::format("it is filed in folder {}, which is not there", filing.folder.value), true);
    is_changed = true;
    return true;
  });
  if (item.filings.empty() && item.removed_at == Instant()) {
    fault(at(item.id), "it is in no folder and was not removed: it goes to the inbox", true);
    for (auto& [id, folder] : folders_) {
      if (folder.role != FolderRole::inbox) continue;
      item.filings.push_back({id, folder.next_uid, Modseq(record_.modseq.value + 1), false});
      folder.next_uid = Uid(folder.next_uid.value + 1);
      changed_.insert(id);
    }
    is_changed = true;
  }
  for (Filing& filing : item.filings) {
    Folder& folder = folders_.at(filing.folder);
    TRY(std::optional<store::Value> stored, snapshot_.get(key::filing(filing.folder, filing.uid)));
    std::string bytes = stored ? std::string(*stored) : std::string();
    Result<RowRecord> present = decode_row(filing.uid, bytes);
    if (present && stored)
      complete_item(item, *present, filing);
    else
      filing.modseq = Modseq(record_.modseq.value + 1);
    std::string right = encode(make_row(item, filing));
    if (bytes != right) {
      fault(at(filing.folder, filing.uid),
            !stored ? "its row is missing; its flags are lost" : "its row differs from its item", true);
      put(key::filing(filing.folder, filing.uid), right);
      changed_.insert(filing.folder);
    }
    if (filing.uid >= folder.next_uid) {
      fault(at(filing.folder, filing.uid), "its UID is not below the folder's next one", true);
      folder.next_uid = Uid(filing.uid.value + 1);
      changed_.insert(filing.folder);
    }
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
  return {};
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

// Rows that no item knows.
Result<void> AccountCheck::check_rows() {
  return each(key::all('V'), [&](std::string_view key, std::string_view value) -> Result<void> {
    FolderId folder(read_be64(key.substr(1)));
    Uid uid(read_be32(key.substr(9)));
    auto is_right = [&]() -> Result<bool> {
      Result<RowRecord> row = decode_row(uid, value);
      if (!row) return false;
      TRY(std::optional<store::Value> stored, snapshot_.get(key::item(row->row.item)));
      if (!stored) return false;
      Result<ItemRecord> item = decode_item(row->row.item, *stored);
      return item && folders_.contains(folder) &&
             std::any_of(item->filings.begin(), item->filings.end(),
                         [&](const Filing& filing) { return filing.folder == folder && filing.uid == uid; });
    };
    TRY(bool right, is_right());
    if (right) return {};
    fault(at(folder, uid), "its row belongs to no item", true);
    erase(std::string(key));
    if (folders_.contains(folder)) changed_.insert(folder);
    return {};
  });
}

void AccountCheck::check_counters() {
  for (auto& [id, folder] : folders_) {
    const Counters& counted = counted_[id];
    if (folder.total != counted.total || folder.unseen != counted.unseen || folder.deleted != counted.deleted ||
        folder.bytes != counted.bytes) {
      fault(at(id),
            fmt::format("it says {} messages, {} unseen, {} deleted, {} bytes, but has {}, {}, {} and {}", folder.total,
                        folder.unseen, folder.deleted, folder.bytes, counted.total, counted.unseen, counted.deleted,
                        counted.bytes),
            true);
      folder.total = counted.total;
      folder.unseen = counted.unseen;
      folder.deleted = counted.deleted;
      folder.bytes = counted.bytes;
      changed_.insert(id);
    }
    if (counted.highest > folder.highest) {
      fault(at(id), "a message's modseq is above the folder's", true);
      record_.modseq = std::max(record_.modseq, counted.highest);
      changed_.insert(id);
    }
  }
  if (record_.bytes != bytes_ || record_.items != items_) {
    fault("",
          fmt::format("it says {} items, {} bytes, but has {} and {}", record_.items, record_.bytes, items_, bytes_),
          true);
    record_.bytes = bytes_;
    record_.items = items_;
  }
}

// Records that belong to an item which is not there.
Result<void> AccountCheck::check_leftovers() {
  struct Leftover {
    char letter;
    std::size_t item_at;  // where the item's id stands in the key
    const char* what;
  };
  static constexpr Leftover kKinds[] = {{'S', 1, "a summary"},
                                        {'T', 9, "a thread's reference"},
                                        {'R', 9, "a use of shared content"},
                                        {'H', 33, "a use of a blob"},
                                        {'X', 9, "a recoverable item's note"}};
  for (const Leftover& kind : kKinds) {
    TRY_VOID(each(key::all(kind.letter), [&](std::string_view key, std::string_view) -> Result<void> {
      bool is_sound = key.size() == kind.item_at + 8;
      if (is_sound) {
        ItemId id(read_be64(key.substr(kind.item_at)));
        TRY(std::optional<store::Value> item, snapshot_.get(key::item(id)));
        bool is_right = item.has_value();
        if (is_right && kind.letter == 'X') {
          Result<ItemRecord> record = decode_item(id, *item);
          is_right = record && record->filings.empty() &&
                     key == key::removed(record->removed_at.time_since_epoch().count(), id);
        }
        if (is_right) return {};
      }
      fault("", fmt::format("{} belongs to no such item", kind.what), true);
      erase(std::string(key));
      return {};
    }));
  }
  return {};
}

Result<void> AccountCheck::check_unused_content() {
  std::vector<ItemId> all;
  TRY_VOID(snapshot_.scan(
      std::string(1, '\0'), {},
      [&](store::Key key, store::Value) {
        if (key.size() == 8) all.push_back(ItemId(read_be64(key)));
        return true;
      },
      store::Space::content));
  for (ItemId id : all) {
    TRY(bool owned, has(key::item(id)));
    bool shared = false;
    std::string prefix = key::sharers(id);
    TRY_VOID(snapshot_.scan(prefix, key::end(prefix), [&](store::Key, store::Value) {
      shared = true;
      return false;
    }));
    if (owned || shared) continue;
    fault(at(id), "its content is kept, but no item uses it", true);
    if (repair_) repair_->erase(key::content(id), store::Space::content);
  }
  return {};
}

Result<void> AccountCheck::check_log() {
  return each(key::all('L'), [&](std::string_view key, std::string_view value) -> Result<void> {
    Modseq modseq(read_be64(key.substr(1)));
    if (modseq > record_.modseq) {
      fault("", "the change log reaches beyond the account's modseq", true);
      record_.modseq = modseq;
    }
    if (!decode_change(value)) {
      fault("", fmt::format("the change record {} is damaged: clients will synchronise anew", modseq.value), true);
      erase(std::string(key));
      record_.log_from = std::max(record_.log_from, Modseq(modseq.value + 1));
    }
    return {};
  });
}

Result<void> check_blobs(Environment& environment, TenantId tenant, const CheckOptions& options, CheckReport& report) {
  std::vector<store::BlobRef> blobs;
  TRY_VOID(environment.blobs.each(tenant, [&](const store::BlobRef& blob) {
    blobs.push_back(blob);
    return true;
  }));
  report.blobs += blobs.size();
  if (!options.read_content) return {};
  for (const store::BlobRef& blob : blobs) {
    TRY(bool is_intact, environment.blobs.intact(tenant, blob.hash));
    if (!is_intact)
      report.faults.push_back(
          {fmt::format("tenant {}, blob {}", tenant.value, to_hex(blob.hash)), "its bytes are damaged", false});
  }
  return {};
}

Result<void> check_one(Environment& environment, const directory::Principal& who, const CheckOptions& options,
                       CheckReport& report, store::Batch* repair) {
  TRY(std::unique_ptr<store::Snapshot> snapshot, environment.engine.snapshot(store::account_partition(who.account())));
  return AccountCheck(environment, who, *snapshot, options, report, repair).run();
}

// One account, and its repair. What cannot be read is a fault, not the end.
Result<void> check_and_repair(Environment& environment, const directory::Principal& who, const CheckOptions& options,
                              const Exclusively& exclusively, CheckReport& report) {
  CheckReport before = report;
  Result<void> checked = check_one(environment, who, options, report, nullptr);
  if (!checked && checked.error().code == Errc::corrupt)
    report.faults.push_back({fmt::format("account {} ({})", who.account().value, who.primary_address()),
                             "it cannot be read to its end: " + checked.error().text, false});
  else if (!checked)
    return checked;
  if (!checked || !options.repair || report.faults.size() == before.faults.size()) return {};
  CheckReport found = report;
  Result<void> repaired = exclusively(who.account(), [&]() -> Result<void> {
    report = before;
    store::Batch batch;
    TRY_VOID(check_one(environment, who, options, report, &batch));
    return batch.empty() ? Result<void>() : environment.engine.commit(store::account_partition(who.account()), batch);
  });
  if (repaired) return {};
  report = found;
  report.faults.push_back({fmt::format("account {} ({})", who.account().value, who.primary_address()),
                           "it could not be repaired: " + repaired.error().text, false});
  return {};
}

// Data of accounts that are no more: a removal that broke off.
Result<void> check_remains(Environment& environment, const CheckOptions& options, CheckReport& report) {
  constexpr std::uint64_t kIdMask = 0x00ff'ffff'ffff'ffff;
  TRY(std::vector<store::Partition> partitions, environment.engine.partitions());
  for (store::Partition partition : partitions) {
    AccountId id(partition.id & kIdMask);
    if (partition != store::account_partition(id) || environment.directory.by_account(id)) continue;
    if (options.repair) TRY_VOID(environment.engine.drop(partition));
    report.faults.push_back(
        {fmt::format("account {}", id.value), "its data is there, but no such principal", options.repair});
  }
  return {};
}

}  // namespace

Result<CheckReport> check_accounts(Environment& environment, const CheckOptions& options,
                                   const Exclusively& exclusively) {
  CheckReport report;
  std::vector<directory::Principal> principals = environment.directory.principals(TenantId());
  std::uint64_t done = 0;
  for (const directory::Principal& who : principals) {
    if (options.progress) options.progress(done++, principals.size());
    if (who.account()) TRY_VOID(check_and_repair(environment, who, options, exclusively, report));
  }
  TRY_VOID(check_remains(environment, options, report));
  for (const directory::Tenant& tenant : environment.directory.tenants())
    TRY_VOID(check_blobs(environment, tenant.id, options, report));
  if (options.progress) options.progress(done, principals.size());
  return report;
}

}  // namespace kontor::groupware
