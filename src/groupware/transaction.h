// SPDX-License-Identifier: AGPL-3.0-or-later
// Transaction over a layer. Its parts lie in transaction_folders.cc and transaction_items.cc.
#pragma once

#include "groupware/calendar/default_alarms.h"
#include "groupware/reading.h"

namespace kontor::groupware {

// Errors: invalid (a container, its UIDs are used up, or it is of another kind).
Result<void> check_takes_items(const Folder& folder, Kind kind = Kind::mail);

// Who is told that the item vanished.
Changes::Audience audience_of(const ItemRecord& item);
// What an item is called whose maker did not say.
std::string usual_name(const NewItem& item);

class AccountTransaction final : public Reading<Transaction> {
 public:
  AccountTransaction(Environment& environment, Ownership ownership, Caller caller, Layer layer);

  Result<void> attempt(const std::function<Result<void>(Transaction&)>& step) override;
  Result<void> with_all_rights(const std::function<Result<void>(Transaction&)>& step) override;

  Result<FolderId> create_folder(const NewFolder& folder) override;
  Result<void> rename_folder(FolderId folder, FolderId new_parent, std::string new_name) override;
  using Transaction::remove_folder;
  Result<void> remove_folder(FolderId folder, Meetings meetings) override;
  Result<void> note_said(FolderId folder, std::optional<Uid> until) override;
  Result<void> change_folder(FolderId folder, const FolderChange& change) override;
  Result<void> subscribe_other(std::string path, bool subscribed) override;
  Result<void> refuse_subscription(std::string path) override;
  Result<void> annotate(FolderId folder, const std::string& entry, const std::optional<std::string>& value) override;

  Result<Added> add(FolderId folder, const NewItem& item, const AddOptions& options) override;
  using Transaction::copy, Transaction::move;
  // What was done of the calendars' default alarms. What they depend on may have changed since `seen`: then they are
  // looked at again at once. Without `next` none is set any more.
  Result<void> finish_default_alarms(const DefaultAlarmMark& seen, const std::optional<DefaultAlarmMark>& next);
  // Notes the item's next alarm, if it waits for that one still.
  Result<void> set_next_alarm(const DueAlarm& present, std::optional<Instant> next);
  Result<Added> replace(FolderId folder, Uid uid, const NewItem& item) override;
  Result<void> keep_own_parts(FolderId folder, Uid uid, const OwnParts& own) override;
  Result<void> forget_own_parts(FolderId folder) override;
  // What guests had of their own whom the directory knows no more.
  Result<void> forget_gone_guests();
  Result<void> rename(FolderId folder, Uid uid, const std::string& name) override;
  Result<Added> copy(FolderId from, Uid uid, FolderId to, const std::string& name) override;
  Result<Added> move(FolderId from, Uid uid, FolderId to, const std::string& name) override;
  Result<void> remove(FolderId folder, Uid uid) override;
  Result<Added> restore(ItemId item, FolderId to) override;
  Result<void> purge_removed_item(ItemId item) override;
  Result<void> set_feed(FolderId folder, const std::optional<FeedSettings>& settings) override;
  // What fetching it gave, unless its settings are others by now.
  Result<void> note_feed(const Feed& feed);
  using Transaction::attach;
  Result<void> attach(const NewAttachment& attachment, const AddOptions& options) override;
  // Last of all: attachments that nothing refers to any more go, others come back.
  Result<void> settle_attachments();
  Result<FlagSet> change_flags(FolderId folder, Uid uid, const FlagChange& change) override;
  Result<void> set_properties(ItemId item, const std::map<std::string, std::string>& properties) override;
  Result<void> set_internal_date(ItemId item, InternalDate date) override;

  Result<void> put_script(const std::string& name, const std::string& text) override;
  Result<void> remove_script(const std::string& name) override;
  Result<void> rename_script(const std::string& from, const std::string& to) override;
  Result<void> activate_script(const std::string& name) override;
  Result<void> set_preferences(const Preferences& wanted) override;
  Result<void> remember(std::string_view what, Instant until) override;
  // Drops at most `limit` of what is remembered until before `now`; how many it were.
  Result<std::size_t> forget(Instant now, std::size_t limit);

  void note_copy(std::string_view copy, std::optional<std::string> brought) override;
  Result<void> note_imported(std::string_view source, std::string_view source_key, const LedgerEntry& entry) override;
  Result<void> forget_imported(std::string_view source, std::string_view source_key) override;

  // Purges at most `limit` recoverable items that were removed before `before`; how many it were. None while the
  // account is held.
  Result<std::size_t> purge_removed(Instant before, std::size_t limit);
  // Takes at most `limit` items out of folders that were removed; whether there are more.
  Result<bool> empty_doomed(std::size_t limit);
  // Ends a lesson, unless there is another one by now.
  Result<void> forget_lesson(const Lesson& lesson);
  // Visits what note_copy() left.
  Result<void> noted_copies(const std::function<void(std::string_view copy, std::string_view brought)>& visit);
  // Marks messages below the folder's next UID as shown; returns from which one on they were not.
  Uid take_recent(FolderId folder);

  // The modseq that this change takes if it writes anything.
  Modseq number() const { return Modseq(layer_.record.modseq.value + 1); }
  Layer& layer() { return layer_; }

 private:
  Result<void> attempt_as(const Ownership& ownership, const std::function<Result<void>(Transaction&)>& step);
  struct Filed {
    ItemRecord item;
    std::size_t filing;  // index in item.filings
  };

  // Errors: denied (there is something in the folder that the caller may not read).
  Result<void> check_all_seen(const Folder& present) const;
  Result<std::shared_ptr<const Folder>> may(FolderId folder, std::uint32_t rights) const;
  std::uint32_t root_rights() const { return ownership_.everywhere; }
  UidValidity fresh_uid_validity();
  Result<void> may_script() const;
  void note_scripts();
  Result<void> drop_annotations(FolderId folder);
  void leave_container(const Folder& removed, const std::vector<FolderTable::Pointer>& children);
  Result<void> empty(FolderId folder);
  Result<void> check_place(FolderId parent, const std::string& name, Kind kind, FolderId self);
  Result<void> keep_subscription(const std::string& path, std::optional<std::string> value);
  Result<std::vector<Grant>> checked_grants(const std::vector<Grant>& wanted) const;
  Result<void> check_quota(std::uint64_t bytes) const;  // for one more item
  Result<void> check_room(std::uint64_t bytes) const;

  Result<Filed> filed(FolderId folder, Uid uid);
  // From the layer, else from the folder's view where one is kept, else from the store.
  Result<RowRecord> row(FolderId folder, Uid uid) const;
  // One row's flags; the other rows of its item are not touched.
  void change_row(FolderId folder, RowRecord row, const FlagSet& flags);
  Result<ItemRecord> removed(ItemId id);  // errors: not_found
  Result<Added> come_back(ItemRecord item, const Folder& folder, std::string name);
  Result<FolderId> attachments_folder();
  Result<ItemRecord> changeable_item(ItemId id) const;
  // Ends the item's filing of that index; keeps, removes or purges the item.
  Result<void> unfile(ItemRecord item, std::size_t filing);
  // After its filing there ended.
  Result<void> leave(ItemRecord item, FolderId from, PrincipalId by);
  bool keeps_removed() const;  // for some time, or as long as a hold says
  Result<void> empty_doomed(const RowRecord& row, FolderId folder, PrincipalId by);
  void doom(const Folder& folder, Meetings meetings);
  Result<void> drop_flag_blocks(FolderId folder);  // of a folder that has no rows any more
  Result<void> purge(const ItemRecord& item);
  Result<Added> file_copy(const ItemRecord& original, const Folder& to, std::string name);
  Filing& file(ItemRecord& item, FolderId folder, Uid uid, std::string name);
  // What a filing of that item is to be called: `wanted`, which must be free; else `usual`, made unique. Empty for
  // mail.
  Result<std::string> name_for(Kind kind, FolderId folder, const std::string& wanted, const std::string& usual);
  // Whatever finds the filing by something else than its UID: nothing for mail.
  Result<void> list(const ItemRecord& item, const Filing& filing);
  Result<void> unlist(const ItemRecord& item, const Filing& filing);
  // The item's use of its content begins and ends; what nobody uses any more goes.
  void use_content(const ItemRecord& item);
  Result<void> leave_content(const ItemRecord& item);
  // Of these the ones that the item does not have already.
  Result<void> change_properties(const ItemRecord& item, std::map<std::string, std::string> properties);
  Result<std::optional<Facts>> facts_of(const ItemRecord& item);
  // What guests have of their own of items: in transaction_own_parts.cc.
  // Errors: invalid, conflict, as add() and replace() have them.
  Result<void> check_own_parts(const NewItem& wanted, const ItemRecord* present) const;
  // Whether that is anything else than before. The item's record is to be stored then.
  Result<bool> set_own(ItemRecord& item, PrincipalId guest, const std::string& text);
  // Errors: too_large, over_quota.
  Result<void> check_own_room(const ItemRecord& item, PrincipalId guest, const std::string& text);
  Result<OwnRecord> reckon_own(const ItemRecord& item, std::string text) const;
  // Its content is another one.
  Result<void> renew_own(ItemRecord& item);
  Result<void> list_own(const ItemRecord& item, const Filing& filing);
  Result<void> unlist_own(const ItemRecord& item, const Filing& filing);
  void drop_own(const ItemRecord& item);  // with the item
  Result<void> drop_own_of(PrincipalId guest, std::optional<FolderId> folder);
  Result<std::vector<PrincipalId>> all_guests();
  // Of those who may not read the folder any more, or have the owner's by now.
  Result<void> drop_own_of_strangers(FolderId folder);
  Result<void> set_next_own_alarm(const DueAlarm& present, std::optional<Instant> next);
  // Errors: exists.
  Result<void> check_own_uid(const std::string& uid, FolderId folder);
  // The default alarms are looked at again at once, where there are any: something came into a calendar, or (null) they
  // or what they depend on changed. `is_set`: there are some now.
  Result<void> note_default_alarms(const Facts* facts, bool is_set = false);
  void note_alarm(AlarmWay way, Instant at, const Filing& filing, ItemId item);
  void take_description(ItemRecord& item, const StagedContent& content);
  // Errors: not_found, denied: whoever may not read it cannot take it elsewhere or change it.
  Result<void> check_sight(const ItemRecord& item) const;
  Result<void> keep_version(const ItemRecord& former, ItemId version);
  void store(ItemRecord& item);  // the record, not its rows
  void show(const ItemRecord& item, const Filing& filing);
  // A change of the item that all its folders tell of; it is still to be stored.
  void tell_of(ItemRecord& item);
  void show(FolderId folder, Layer::RowChange change);
  void hide(FolderId folder, Uid uid, std::string name, Changes::Audience audience);
  void count(FolderId folder, const ItemRecord& item, bool is_deleted, int by);
  void touch(FolderId folder);
  void note_lesson(ItemId item, FolderId from, const Folder& to);
  // Keywords as numbers; unknown ones are added to the account's table, or left out.
  Result<FlagSet> numbers(const FlagNames& names);
  FlagSet known(const FlagNames& names) const;

  std::vector<std::string> numbered_names_;
  std::shared_ptr<const KeywordTable> numbered_in_;
  FlagSet numbered_;
  // The stored view that row() asked last: looked up once for all messages of a STORE.
  mutable std::shared_ptr<const FolderView> row_view_;
  mutable FolderId row_folder_;
};

}  // namespace kontor::groupware
