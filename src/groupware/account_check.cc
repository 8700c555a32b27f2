// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/account_check.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "groupware/any_key.h"
#include "groupware/broken_copies.h"
#include "groupware/calendar/attachments.h"
#include "groupware/calendar/stored_feeds.h"
#include "groupware/keys.h"
#include "groupware/layer.h"
#include "groupware/push/push_records.h"
#include "groupware/reading.h"
#include "groupware/rules/script_name.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kPairs = 512;  // read at once, before they are compared with others

}  // namespace

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
    TRY(const bool has_items, has_any(snapshot_, key::all('F'), key::end("V")));
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
  TRY_VOID(check_shares());
  TRY_VOID(check_items());
  TRY_VOID(check_rows());
  TRY_VOID(check_flag_blocks());
  TRY_VOID(check_names());
  check_counters();
  TRY_VOID(check_leftovers());
  TRY_VOID(check_unfinished());
  if (options_.read_content) TRY_VOID(check_unused_content());
  TRY_VOID(check_log());
  TRY_VOID(check_scripts());
  TRY_VOID(check_pushes());
  TRY_VOID(check_preferences());
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
  TRY_VOID(snapshot_.scan(key::all('D'), key::end("D"), [&](store::Key key, store::Value) {
    const FolderId id(key.size() == 9 ? read_be64(key.substr(1)) : 0);
    if (id && !folders_.contains(id)) doomed_.insert(id);
    return true;
  }));
  return {};
}

// The directory's note may name more than the grants do: an update may have been broken off in between.
Result<void> AccountCheck::check_shares() {
  const directory::Shares wanted = shares_of(FolderTable([&] {
    std::vector<FolderTable::Pointer> folders;
    for (const auto& [id, folder] : folders_) folders.push_back(std::make_shared<const Folder>(folder));
    return folders;
  }()));
  const directory::Shares noted = environment_.directory.shares(who_.account());
  if (!directory::covers(noted, wanted))
    report_.faults.push_back({fmt::format("account {} ({})", who_.account().value, who_.primary_address()),
                              "it shares folders that those who may see them cannot find", repair_ != nullptr});
  if (repair_ && noted != wanted) TRY_VOID(environment_.directory.set_shares(who_.account(), wanted));
  return {};
}

void AccountCheck::check_folders() {
  std::set<std::tuple<FolderId, bool, std::string>> names;
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
    if (!names.emplace(folder.parent, folder.kind == Kind::mail, folder.name).second) {
      fault(at(id), "another folder beside it has the same name", true);
      folder.name = fmt::format("{} ({})", folder.name, id.value);
      changed_.insert(id);
    }
    if (folder.role != FolderRole::none && !roles.insert(folder.role).second) {
      fault(at(id), "another folder has the same role", true);
      folder.role = FolderRole::none;
      changed_.insert(id);
    }
    if (folder.kind != Kind::mail && !folder.notes_rings) {
      fault(at(id), "when alarms ring there is not in the index yet", true);
      folder.notes_rings = true;
      unnoted_.insert(id);
      changed_.insert(id);
    }
  }
  if (!roles.contains(FolderRole::inbox)) fault("", "there is no inbox", false);
}

// Rows that no item knows.
Result<void> AccountCheck::check_rows() {
  return each(key::all('V'), [&](std::string_view key, std::string_view value) -> Result<void> {
    FolderId folder(read_be64(key.substr(1)));
    Uid uid(read_be32(key.substr(9)));
    if (doomed_.contains(folder)) return {};
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
    stray_rows_.emplace(key);
    erase(std::string(key));
    if (folders_.contains(folder)) changed_.insert(folder);
    return {};
  });
}

Result<const FlagBlock*> AccountCheck::flag_block(FolderId folder, Uid uid) {
  const std::uint32_t number = FlagBlock::number_of(uid);
  std::string key = key::flag_block(folder, number);
  if (key != block_key_) {
    TRY(const std::optional<store::Value> stored, snapshot_.get(key));
    block_ = FlagBlock();
    if (stored) {
      Result<FlagBlock> block = decode_flag_block(number, *stored);
      block_ = block ? std::optional(*std::move(block)) : std::nullopt;
    }
    block_key_ = std::move(key);
  }
  return block_ ? &*block_ : nullptr;
}

// Damaged ones, and flags of messages that are not there. What the others say went into the rows' comparison.
Result<void> AccountCheck::check_flag_blocks() {
  return each(key::all('N'), [&](std::string_view key, std::string_view value) -> Result<void> {
    const bool has_numbers = key.size() == 13;
    const FolderId folder(has_numbers ? read_be64(key.substr(1)) : 0);
    Result<FlagBlock> block = has_numbers ? decode_flag_block(read_be32(key.substr(9)), value)
                                          : fail(Errc::corrupt, "the key of changed flags is damaged");
    if (!block) {
      fault(at(folder), block.error().text, true);
      erase(std::string(key));
      return {};
    }
    if (doomed_.contains(folder)) return {};
    FlagBlock left;
    for (FlagBlock::Entry& entry : block->entries) {
      const std::string row = key::filing(folder, entry.uid);
      TRY(const bool is_there, has(row));
      if (is_there && !stray_rows_.contains(row)) left.entries.push_back(std::move(entry));
    }
    if (!left.entries.empty() && left.entries.size() == block->entries.size()) return {};
    fault(at(folder), "changed flags belong to no message", true);
    if (left.entries.empty())
      erase(std::string(key));
    else
      put(std::string(key), encode(left));
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
                                        {'W', 1, "a lesson about junk"},
                                        {'X', 9, "a recoverable item's note"},
                                        {'Q', 9, "an earlier content's note"},
                                        {'E', 1, "what is known of an item"}};
  TRY_VOID(each(key::all('f'), [&](std::string_view key, std::string_view value) -> Result<void> {
    const FolderId folder(key.size() == 9 ? read_be64(key.substr(1)) : 0);
    const auto owner = folders_.find(folder);
    if (owner != folders_.end() && owner->second.properties.contains(kIsFeed) && decode_feed(folder, value)) return {};
    fault(at(folder), "where its items come from is damaged, or of no calendar", true);
    erase(std::string(key));
    return {};
  }));
  for (auto& [id, folder] : folders_) {
    if (!folder.properties.contains(kIsFeed)) continue;
    TRY(const std::optional<store::Value> stored, snapshot_.get(key::feed(id)));
    if (stored && decode_feed(id, *stored)) continue;
    fault(at(id), "it is not known where its items come from: they are its users' now", true);
    folder.properties.erase(kIsFeed);
    changed_.insert(id);
  }
  TRY_VOID(each(key::all('d'), [&](std::string_view key, std::string_view value) -> Result<void> {
    if (key == key::default_alarms() && decode_default_alarm_mark(value)) return {};
    fault("", "when default alarms are due is damaged: they are looked for from now on", true);
    if (key != key::default_alarms()) {
      erase(std::string(key));
      return {};
    }
    const Instant now = environment_.clock.now();
    put(std::string(key), encode(DefaultAlarmMark{.told = now, .look = now}));
    return {};
  }));
  TRY_VOID(each(key::all('a'), [&](std::string_view key, std::string_view value) -> Result<void> {
    const ItemId id(value.size() == 8 ? read_be64(value) : 0);
    TRY(const std::optional<store::Value> stored, snapshot_.get(key::item(id)));
    const auto item = stored ? decode_item(id, *stored) : Result<ItemRecord>(fail(Errc::not_found, "it is gone"));
    if (item)
      if (const auto own = item->properties.find(kAttachmentId);
          own != item->properties.end() && key == key::attachment(own->second))
        return {};
    fault("", "an attachment's name belongs to no such item", true);
    erase(std::string(key));
    return {};
  }));
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

// Notes of what is to be done to its end: a damaged one would do harm, and without it nothing is lost but room.
Result<void> AccountCheck::check_unfinished() {
  TRY_VOID(each(key::all('C'), [&](std::string_view key, std::string_view value) -> Result<void> {
    if (is_sound_copy_note(value)) return {};
    fault("", "the note of an unfinished copy is damaged", true);
    erase(std::string(key));
    return {};
  }));
  return each(key::all('D'), [&](std::string_view key, std::string_view) -> Result<void> {
    if (key.size() == 9 && doomed_.contains(FolderId(read_be64(key.substr(1))))) return {};
    fault("",
          key.size() == 9 ? "a folder is noted as removed that is there" : "the note of a removed folder is damaged",
          true);
    erase(std::string(key));
    return {};
  });
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
    // The item that first had it may have another content by now.
    TRY(const std::optional<store::Value> stored, snapshot_.get(key::item(id)));
    const Result<ItemRecord> owner =
        stored ? decode_item(id, *stored) : Result<ItemRecord>(fail(Errc::not_found, "there is no such item"));
    const bool owned = stored && (!owner || owner->content == id);
    TRY(const bool shared, has_any(snapshot_, key::sharers(id)));
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

// A damaged record would keep its user from setting anything anew. Folders that are gone may be named.
Result<void> AccountCheck::check_preferences() {
  TRY(const std::optional<store::Value> stored, snapshot_.get(key::preferences()));
  if (!stored) return {};
  const Result<Preferences> preferences = decode_preferences(*stored);
  const std::string what = preferences ? fault_of(*preferences) : preferences.error().text;
  if (what.empty()) return {};
  fault("", fmt::format("its preferences cannot be read: {}", what), true);
  erase(key::preferences());
  return {};
}

Result<void> AccountCheck::check_scripts() {
  const std::string& active = record_.active_script;
  TRY(const bool is_there, has(key::script(active)));
  if (!active.empty() && !is_there) {
    fault("", fmt::format("its active script \"{}\" is missing: mail is filed without one", active), true);
    record_.active_script.clear();
    record_.scripts_changed = Modseq(record_.modseq.value + 1);
  }
  TRY_VOID(each(key::all('Y'), [&](std::string_view key, std::string_view) -> Result<void> {
    if (is_script_name(key.substr(1))) return {};
    fault("", "a script has no sound name", true);
    erase(std::string(key));
    return {};
  }));
  return each(key::all('U'), [&](std::string_view key, std::string_view value) -> Result<void> {
    if (value.size() == 8) return {};
    fault("", "what a script remembers is damaged", true);
    erase(std::string(key));
    return {};
  });
}

// Messages may be of subscriptions that are gone: they go when they are due.
Result<void> AccountCheck::check_pushes() {
  TRY_VOID(each(key::push_subscriptions(), [&](std::string_view key, std::string_view value) -> Result<void> {
    if (key == key::push_subscriptions() && decode_push_subscriptions(value)) return {};
    fault("", "the subscriptions of its devices are damaged: they must be made anew", true);
    erase(std::string(key));
    return {};
  }));
  return each(key::all('o'), [&](std::string_view key, std::string_view value) -> Result<void> {
    if (key.size() == 17 && decode_push_message(value)) return {};
    fault("", "a message to a device is damaged", true);
    erase(std::string(key));
    return {};
  });
}

}  // namespace kontor::groupware
