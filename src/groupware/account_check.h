// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks one account on one snapshot, and gathers what puts its faults right.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "groupware/calendar/facts.h"
#include "groupware/environment.h"
#include "groupware/flag_block.h"
#include "groupware/records.h"

namespace kontor::groupware {

// What a folder's filings add up to.
struct Counters {
  std::uint32_t total = 0, unseen = 0, deleted = 0;
  std::uint64_t bytes = 0;
  Modseq highest;
};

// With a batch, repairs are gathered there; the caller commits it while the account takes no updates.
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
  Result<void> check_shares();
  Result<void> check_items();
  Result<void> check_item(ItemRecord item);
  Result<void> check_filings(ItemRecord& item, bool is_changed);
  Result<void> check_content(const ItemRecord& item);
  Result<void> check_summary(const ItemRecord& item);
  Result<void> check_rows();
  Result<void> check_flag_blocks();
  // The block that holds the UID; null if it is damaged. Valid until the next call.
  Result<const FlagBlock*> flag_block(FolderId folder, Uid uid);
  Result<void> check_names();
  // What is known of the item: derived anew where it is missing or damaged or, if contents are read, wrong.
  Result<void> check_facts(ItemRecord& item, bool& is_changed);
  Result<void> add_alarm_spans(const ItemRecord& item, Facts& facts);
  Result<std::optional<Description>> describe_again(const ItemRecord& item);
  // What finds the filing by its time, own UID and next alarm.
  Result<void> check_indexes(const ItemRecord& item, const Filing& filing);
  // What guests have of their own beside it.
  Result<void> check_guests(ItemRecord& item, bool& is_changed);
  Result<void> check_index(std::string key, std::string right, const std::string& where, const char* what);
  Result<void> check_version(const ItemRecord& item);
  Result<void> check_name(const ItemRecord& item, Filing& filing, bool& is_changed);
  // Attachments that nothing refers to are removed; after all other items, of which that is known then.
  Result<void> check_attachment(ItemRecord item);
  void check_counters();
  Result<void> check_leftovers();
  Result<void> check_unfinished();
  Result<void> check_unused_content();
  Result<void> check_log();
  Result<void> check_scripts();
  Result<void> check_pushes();
  Result<void> check_preferences();

  Environment& environment_;
  const directory::Principal& who_;
  store::Snapshot& snapshot_;
  const CheckOptions& options_;
  CheckReport& report_;
  store::Batch* repair_;

  AccountRecord record_;
  std::map<FolderId, Folder> folders_;
  std::set<FolderId> doomed_;   // removed, their rows are on the way out
  std::set<FolderId> unnoted_;  // of an earlier version: when alarms ring there is not in the index
  std::map<FolderId, Counters> counted_;
  std::string block_key_;  // of block_, the one read last
  std::optional<FlagBlock> block_;
  std::optional<Facts> facts_;            // of the item at hand
  std::map<PrincipalId, OwnRecord> own_;  // beside it
  std::set<std::string> names_;           // keys of all names there are to be
  std::set<std::string> stray_rows_;      // keys of rows that belong to no item
  std::set<FolderId> changed_;            // by the repair
  std::vector<ItemRecord> attachments_;
  std::uint64_t bytes_ = 0, items_ = 0;
  bool is_changed_ = false;
};

}  // namespace kontor::groupware
