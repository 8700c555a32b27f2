// SPDX-License-Identifier: AGPL-3.0-or-later
// The core's door: how every protocol, delivery and the importer read and change an account.
//
// Invariants (checked by `kontor check`):
//  1. every commit takes the account's next modseq; a folder's `highest` is the modseq of the last change to its items;
//  2. each filing points to an item, and each item has at least one filing or is recoverable;
//  3. each item's content is there; content that no item refers to is removed with the last of them, or by the sweep;
//  4. a folder's counters and the account's usage agree with its filings and items;
//  5. UIDs only grow within a UIDVALIDITY; item and folder ids are never reused;
//  6. watchers are told after the commit is durable, never before.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "groupware/calendar/attachments.h"
#include "groupware/calendar/facts.h"
#include "groupware/calendar/feeds.h"
#include "groupware/calendar/own_parts.h"
#include "groupware/content.h"
#include "groupware/flags.h"
#include "groupware/folder.h"
#include "groupware/folder_view.h"
#include "groupware/preferences.h"
#include "groupware/rights.h"
#include "groupware/search/extractor.h"
#include "groupware/search/text_index.h"

namespace kontor::groupware {

// The two kinds of annotations, by how their entries begin.
constexpr std::string_view kSharedAnnotation = "/shared/", kPrivateAnnotation = "/private/";

struct Filing {
  FolderId folder;
  Uid uid;
  Modseq modseq;
  bool is_deleted = false;
  // Of items of other kinds than mail, unique in the folder: DAV's last path segment, a file's name. See
  // check_item_name.
  std::string name = {};
};

struct Item {
  ItemId id;
  Kind kind = Kind::mail;
  std::vector<Filing> filings;
  FlagSet flags;  // without kDeleted
  InternalDate internal_date;
  Instant saved{};  // when it came into its folder (RFC 8514)
  std::uint64_t size = 0;
  std::uint64_t crlf_size = 0;  // with every line ended by CRLF: what POP3 sends
  std::string hash;             // SHA-256 of the content
  ThreadId thread;
  Modseq created;
  Modseq modified;
  std::map<std::string, std::string> properties;
};

// An item in no folder any more, which can still be brought back.
struct RemovedItem {
  Item item;
  Instant at{};
  FolderId from;          // the last folder it was in, which may be gone; 0 = not known
  PrincipalId by;         // who removed it, who may be gone; 0 = the server itself, or not known
  std::string name = {};  // of other items than mail: what it was called
};

// Properties that a migration brings and POP3 honours.
constexpr const char* kPop3Uidl = "pop3.uidl";
constexpr const char* kPop3Order = "pop3.order";

// Of a removed item that is an earlier content of another: that item's id. See Transaction::replace.
constexpr const char* kVersionOf = "version-of";

// What POP3 tells of an item beyond its row; only rows with Row::kOwnPop3 have such facts.
struct Pop3Facts {
  std::string uidl;                    // of the former server; empty = none
  std::optional<std::uint64_t> order;  // its place there, in the order of the numbers
  std::uint64_t size = 0;              // with every line ended by CRLF
};

struct NewItem {
  Kind kind = Kind::mail;
  StagedContent content;
  FlagNames flags;
  std::optional<InternalDate> internal_date;  // absent = now
  std::map<std::string, std::string> properties;
  // Not of mail. Empty: made of the item's own UID, else "item", and made unique.
  std::string name = {};
  // What of it is the guest's own who puts it, as Reader::take_apart() gave it; the content is what it gave as shared.
  std::optional<OwnParts> own = {};
};

struct Added {
  ItemId item;
  Uid uid;
  UidValidity uid_validity;
  std::string name = {};  // see Filing::name
};

// An item of another kind than mail in one folder: what its users are told without a look at its content.
struct Entry {
  Uid uid;
  ItemId item;
  Kind kind = Kind::files;
  std::string name;
  std::string etag;  // in quotes; another one whenever the bytes are others
  std::uint64_t size = 0;
  Modseq modseq;  // also of changes of flags
  InternalDate date;
};

// Where an item is.
struct Place {
  FolderId folder;
  Uid uid;
  ItemId item;
};

// An earlier content of an item.
struct ItemVersion {
  ItemId item;  // removed_items() has it under this id; so do purge_removed_item() and restore()
  Instant until{};
  PrincipalId by;  // who replaced it; 0 = the server itself
  std::uint64_t size = 0;
  std::string etag;
};

// A change of flags. Keywords by name; unknown ones are added to the account's table.
struct FlagChange {
  enum class Mode : std::uint8_t { replace, add, remove };
  Mode mode = Mode::replace;
  FlagNames names;
};

// What happened after a modseq, each id once; an item that came and went in between is not there.
struct Changes {
  Modseq from, to;
  std::vector<FolderId> folders_changed;  // created or changed
  std::vector<FolderId> folders_removed;
  std::vector<ItemId> items_changed;  // created or changed
  std::vector<ItemId> items_removed;
  // Whom it concerns: what was private is gone for those who may read such items; what became private, for the others.
  enum class Audience : std::uint8_t { all, insiders, outsiders };
  struct Vanished {
    FolderId folder;
    Uid uid;
    std::string name = {};  // of other items than mail: what it was called; by now another one may be
    Audience audience = Audience::all;
  };
  std::vector<Vanished> vanished;  // filings that ended, and former names of those that were renamed
};

struct Usage {
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;
  std::uint64_t limit = 0;       // bytes; 0 = unlimited
  std::uint64_t item_limit = 0;  // 0 = unlimited
};

// Which script filters an account's mail. `version` is another one after every change of any of the account's scripts.
struct ActiveScript {
  bool operator==(const ActiveScript&) const = default;

  std::string name;  // empty: none
  Modseq version;
};

// What the importer knows of a source item it has brought. `fingerprint` is the importer's own.
struct LedgerEntry {
  ItemId item;  // may be gone meanwhile: its user removed it, and it must not come back
  std::string fingerprint;
};

// Reads of one moment: what comes from the store (items, contents, changes) is of one moment, which may be a little
// later than that of folders() and modseq(), never earlier. What the caller may not know of is `not_found`: so are
// private items of calendars for those without right::kReadPrivate, who of confidential ones have only when they take
// place, also as content, size and ETag; they cannot have views of such folders. Guests (calendar/own_parts.h) have
// such items with their own alarms in place of the owner's. One thread
// at a time; short-lived: never held across a co_await. Folders, views and contents taken from it may be kept.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual Modseq modseq() const = 0;
  // All folders, whatever the caller's rights: use visible() or rights() before showing one.
  virtual std::shared_ptr<const FolderTable> folders() const = 0;
  virtual std::uint32_t rights(FolderId folder) const = 0;  // right:: bits of this caller; 0 if there is no such folder
  virtual Result<std::shared_ptr<const Folder>> folder(FolderId id) const = 0;
  virtual std::shared_ptr<const KeywordTable> keywords() const = 0;

  // Errors: denied (no right to read), not_found.
  virtual Result<std::shared_ptr<const FolderView>> view(FolderId folder) const = 0;
  virtual Result<Item> item(ItemId id) const = 0;
  // The mail summary (root table mime::fb::Summary): checked, made anew from the content where it is missing.
  virtual Result<std::string> summary(ItemId id) const = 0;
  // Visits the summaries of many items, in the given order, without a copy; absent items are skipped.
  virtual Result<void> summaries(const std::vector<ItemId>& ids,
                                 const std::function<bool(ItemId, std::string_view)>& visit) const = 0;
  virtual Result<std::shared_ptr<const Content>> content(ItemId id) const = 0;
  // Visits the contents of many items, in the given order, until `visit` returns false; neighbours are read together, a
  // bounded number of bytes ahead. Of an item whose content cannot be had, the error of content(). `visit` may read.
  using VisitContent = std::function<bool(ItemId, const Result<std::shared_ptr<const Content>>&)>;
  virtual void contents(const std::vector<ItemId>& ids, const VisitContent& visit) const = 0;
  // Items of other kinds than mail, by the names that they have in a folder. Errors of all: denied (no right to read),
  // not_found.
  virtual Result<Uid> named(FolderId folder, const std::string& name) const = 0;
  virtual Result<Entry> entry(FolderId folder, Uid uid) const = 0;
  // In the order of their names, from the first one that follows `after` on, until `visit` returns false. `visit` must
  // not read.
  using VisitEntry = std::function<bool(const Entry&)>;
  virtual Result<void> entries(FolderId folder, const std::string& after, const VisitEntry& visit) const = 0;
  Result<void> entries(FolderId folder, const VisitEntry& visit) const { return entries(folder, {}, visit); }
  // The same in the order of UIDs, from the first above `after` on: costs as much as it visits, wherever it begins.
  virtual Result<void> entries_above(FolderId folder, Uid after, const VisitEntry& visit) const = 0;
  // Of items that have an own UID (RFC 5545, RFC 6350), which is unique in a folder: where it is in this account, as
  // far as the caller may read. Nowhere is no error.
  virtual Result<std::vector<Place>> with_uid(std::optional<Kind> kind, std::string_view uid) const = 0;
  // What is known of an item of a calendar, task list, notebook or address book. Errors: not_found (also: no such
  // item).
  virtual Result<Facts> facts(ItemId item) const = 0;
  // Visits those of many items, in ascending order of ids, neighbours together; what facts() has not is skipped.
  // `visit` must not read.
  virtual Result<void> facts(std::vector<ItemId> ids, const std::function<void(ItemId, const Facts&)>& visit) const = 0;
  // Visits all items of a folder with what is known of them, in no order; null: nothing is. Costs less than entries().
  // `visit` must not read.
  using VisitFacts = std::function<void(Uid, ItemId, const Facts*)>;
  virtual Result<void> facts_in(FolderId folder, const VisitFacts& visit) const = 0;
  // Visits the items of a folder that may take place in [from, to), in no order, until `visit` returns false: all that
  // do, in whatever zone a viewer is, series whose extent reaches into it, and few others. Costs as much as it visits,
  // however large the folder is. `visit` may read.
  virtual Result<void> in_time(FolderId folder, Instant from, Instant to,
                               const std::function<bool(const Entry&, const Facts&)>& visit) const = 0;
  // The same of the items whose alarms may ring then. False, and none is visited: the index does not know, because the
  // folder is of an earlier version (`kontor check --repair` mends that) or because the caller is not its owner.
  virtual Result<bool> ringing(FolderId folder, Instant from, Instant to,
                               const std::function<bool(const Entry&, const Facts&)>& visit) const = 0;
  // Earlier contents of an item that are not purged yet, the latest first, but those that were private or confidential
  // then and are not the caller's to read. content() gives their bytes, too.
  virtual Result<std::vector<ItemVersion>> versions(ItemId item) const = 0;
  // What all have of an item of a calendar: a guest's own parts left out. For others as content(). Errors: as
  // content().
  virtual Result<std::string> shared_content(ItemId item) const = 0;
  // What the caller is about to put there, taken apart as calendar/own_parts.h has it: then `shared` is what is to be
  // stored, and `own` goes with it; or, if it is the same, keep_own_parts() alone is to be called. Nothing: it is put
  // as it is. Without `present` it is new. Errors: not_found, too_large.
  virtual Result<std::optional<TakenApart>> take_apart(FolderId folder, std::optional<Uid> present,
                                                       std::string_view bytes) const = 0;
  // A managed attachment, and its bytes (calendar/attachments.h): for those who may read all of an item that refers to
  // it. Errors: not_found.
  virtual Result<Attachment> attachment(const std::string& id) const = 0;
  virtual Result<std::shared_ptr<const Content>> attachment_content(const std::string& id) const = 0;
  // Where a calendar's items come from (calendar/feeds.h), which may be a secret; nothing: they are its users'. Errors:
  // not_found, denied (only for those who may administer it).
  virtual Result<std::optional<Feed>> feed(FolderId folder) const = 0;
  // What the index knows of `folded` (fold_text) in this account, for items this caller may read; null: nothing.
  virtual std::shared_ptr<const TextFinding> find_text(TextScope scope, const std::string& folded,
                                                       TextMatch match) const = 0;
  // For the text of attached documents; null: they are not searched.
  virtual Extractor* extractor() const = 0;
  // Visits the facts of many items, in ascending order of ids; absent items are skipped.
  virtual Result<void> pop3_facts(std::vector<ItemId> ids,
                                  const std::function<void(ItemId, const Pop3Facts&)>& visit) const = 0;

  // Visits items that were removed from `since` on and before `until`, in the order of their removal. Errors: denied
  // (only for those with all rights in the account).
  virtual Result<void> removed_items(Instant since, Instant until,
                                     const std::function<bool(const RemovedItem&)>& visit) const = 0;

  // Callers without all rights get what they may read, and learn of removals by `vanished` alone.
  // Errors: conflict (the log no longer reaches back so far: resync).
  virtual Result<Changes> changes_since(Modseq since) const = 0;
  virtual Usage usage() const = 0;
  // The annotations of a folder, or (FolderId()) of the account, by entry: "/shared/..." are everyone's, "/private/..."
  // this caller's own (RFC 5464). Errors: not_found, denied.
  virtual Result<std::map<std::string, std::string>> annotations(FolderId folder) const = 0;
  // Names that are no folder here: gone, or in the accounts of others. Ascending.
  virtual std::vector<std::string> other_subscriptions() const = 0;
  // Names in the accounts of others that show without a subscription, but shall not. Ascending.
  virtual std::vector<std::string> refused_subscriptions() const = 0;

  // Sieve scripts, as RFC 5804 has them: named, at most one active. Errors: denied (only for those with all rights in
  // the account), not_found.
  virtual ActiveScript active_script() const = 0;
  virtual Result<std::vector<std::string>> scripts() const = 0;  // their names, ascending
  virtual Result<std::string> script(const std::string& name) const = 0;
  // What its user has set. Errors: denied (of others), corrupt, unavailable.
  virtual Result<Preferences> preferences() const = 0;
  // Whether that was remembered and its time is not over yet.
  virtual Result<bool> remembers(std::string_view what, Instant now) const = 0;

  virtual Result<std::optional<LedgerEntry>> ledger(std::string_view source, std::string_view source_key) const = 0;
  // Visits a source's entries in the order of their keys, from `first_key` on, until `visit` returns false.
  virtual Result<void> ledger_scan(std::string_view source, std::string_view first_key,
                                   const std::function<bool(std::string_view, const LedgerEntry&)>& visit) const = 0;
};

// One change of the account: all of it or nothing, under the next modseq. Reads through it see its own writes.
class Transaction : public Reader {
 public:
  // All of `step` or, where it returns an error, nothing of it; what was done before stays. The steps of one change see
  // each other's writes. `step` uses the transaction that it is given. Errors: what `step` returned.
  virtual Result<void> attempt(const std::function<Result<void>(Transaction&)>& step) = 0;
  // The same with all rights in the account: for what the server adds to a change that the caller may make.
  virtual Result<void> with_all_rights(const std::function<Result<void>(Transaction&)>& step) = 0;

  struct NewFolder {
    FolderId parent;
    std::string name;
    Kind kind = Kind::mail;
    FolderRole role = FolderRole::none;
    bool subscribed = true;
    bool is_container = false;
    std::optional<UidValidity> uid_validity;  // kept if given (imports); else a fresh one
  };
  // Errors: exists, invalid (name; a kind that does not go there), too_large (nested too deeply, or as many folders as
  // there may be), denied, not_found.
  virtual Result<FolderId> create_folder(const NewFolder& folder) = 0;
  // Moves and renames in one; children come along. Errors: exists, invalid (into itself; the inbox), too_large (nested
  // too deeply), denied, not_found.
  virtual Result<void> rename_folder(FolderId folder, FolderId new_parent, std::string new_name) = 0;
  // Its items lose their filing: at once, or where they are many soon, by and by; until then they
  // count towards usage. With children a container takes its name and place. Errors: invalid (the inbox, and the
  // default folders of the other kinds), denied (also: something in a calendar is not the caller's to read), not_found.
  // `meetings`: those concerned are to be told of what was in it, by Scheduler: then the folder is gone in this commit,
  // and its items go when all is said.
  enum class Meetings : std::uint8_t { silent, told, told_but_replies };
  virtual Result<void> remove_folder(FolderId folder, Meetings meetings) = 0;
  Result<void> remove_folder(FolderId folder) { return remove_folder(folder, Meetings::silent); }
  // Of a folder that was removed like that: those concerned were told of all items up to that UID; or of all. With what
  // they are told, in the same commit. Errors: not_found.
  virtual Result<void> note_said(FolderId folder, std::optional<Uid> until) = 0;
  // What can be changed freely. UIDVALIDITY only while no item ever was in the folder (else invalid).
  struct FolderChange {
    std::optional<bool> subscribed;
    std::optional<FolderRole> role;  // exists: another folder has it
    std::optional<bool> is_container;
    std::optional<UidValidity> uid_validity;
    std::optional<Uid> next_uid;  // only upwards
    std::optional<std::string> colour, description;
    std::optional<std::vector<Grant>> grants;
    std::map<std::string, std::string> properties;  // an empty value removes
  };
  virtual Result<void> change_folder(FolderId folder, const FolderChange& change) = 0;
  virtual Result<void> subscribe_other(std::string path, bool subscribed) = 0;
  // Sets one annotation; without a value it is removed. The account has private ones only. Errors: denied, not_found,
  // invalid (no such kind of entry), too_large (above kLargestAnnotation), over_quota (too many of them).
  static constexpr std::size_t kLargestAnnotation = 16 << 10;
  virtual Result<void> annotate(FolderId folder, const std::string& entry, const std::optional<std::string>& value) = 0;
  virtual Result<void> refuse_subscription(std::string path) = 0;

  struct AddOptions {
    std::optional<Uid> uid;     // kept if it is not below the folder's next UID; otherwise the next one is given
    bool ignore_quota = false;  // imports that were allowed to
  };
  // Errors: over_quota, denied, not_found, invalid (a container; an item that is not of the folder's kind; a name; a
  // guest's alarms that were not taken apart), exists (the name is taken; the item's own UID is in the folder already:
  // with_uid() finds it).
  virtual Result<Added> add(FolderId folder, const NewItem& item, const AddOptions& options) = 0;
  Result<Added> add(FolderId folder, const NewItem& item) { return add(folder, item, AddOptions()); }
  // Other content for an item that is not mail: it keeps its id, UID, name and thread, and the properties that `item`
  // does not name; name and flags of `item` do not count. What it was stays recoverable, as a removed item of its own
  // with the property kVersionOf. The same bytes again change nothing but properties that differ. Errors: as add;
  // not_found (no such UID), conflict (a guest's item that was taken apart from another content).
  virtual Result<Added> replace(FolderId folder, Uid uid, const NewItem& item) = 0;
  // What a guest has of its own of an item, in place of what it had; needs no more than the right to read. For all
  // others the item has a new modseq, and the ETag of before. Errors: conflict (the item is no more what was taken
  // apart), invalid (of no guest, or of no calendar), over_quota (too many guests), too_large, denied, not_found.
  virtual Result<void> keep_own_parts(FolderId folder, Uid uid, const OwnParts& own) = 0;
  // All that the caller has of its own in that folder. Errors: not_found.
  virtual Result<void> forget_own_parts(FolderId folder) = 0;
  // Errors: exists, invalid (mail, or no sound name), denied, not_found.
  virtual Result<void> rename(FolderId folder, Uid uid, const std::string& name) = 0;
  // A new item in `to` that shares the content, with flags, date and properties. Without a name it has the one of
  // before, made unique. Errors: as add; not_found (no such UID).
  virtual Result<Added> copy(FolderId from, Uid uid, FolderId to, const std::string& name) = 0;
  Result<Added> copy(FolderId from, Uid uid, FolderId to) { return copy(from, uid, to, std::string()); }
  // The filing ends in `from` and begins in `to`: the item keeps its id. Errors: as copy.
  virtual Result<Added> move(FolderId from, Uid uid, FolderId to, const std::string& name) = 0;
  Result<Added> move(FolderId from, Uid uid, FolderId to) { return move(from, uid, to, std::string()); }
  // The filing ends; with its last one the item becomes recoverable or is purged. Errors: not_found, denied.
  virtual Result<void> remove(FolderId folder, Uid uid) = 0;
  // A removed item comes back into `to`, with flags, date and properties, under a new UID, and the former name, made
  // unique. Errors: not_found (it is not removed, or purged meanwhile), over_quota, denied, invalid (a container, or a
  // folder of another kind).
  virtual Result<Added> restore(ItemId item, FolderId to) = 0;
  // A removed item goes for good, before its time. Errors: not_found, denied, conflict (the account is held).
  virtual Result<void> purge_removed_item(ItemId item) = 0;
  // From now on the calendar is what the feed says, and only the server changes what is in it; nothing: it is its
  // users' again, with what it holds. Errors: denied, not_found, invalid (no address of a feed; no calendar), conflict
  // (there is something in it already).
  virtual Result<void> set_feed(FolderId folder, const std::optional<FeedSettings>& settings) = 0;
  // Keeps an attachment to which something refers when the change is done; else it is dropped. The right to make
  // something refer to it is the right to attach it. Errors: over_quota, exists, invalid (its id is another account's).
  virtual Result<void> attach(const NewAttachment& attachment, const AddOptions& options) = 0;
  Result<void> attach(const NewAttachment& attachment) { return attach(attachment, AddOptions()); }
  // The item's new flags. Without the right for one of the flags that flag is left alone; denied if none is allowed.
  virtual Result<FlagSet> change_flags(FolderId folder, Uid uid, const FlagChange& change) = 0;
  // An empty value removes a property. Errors of both: denied, not_found (also: it is in no folder any more), too_large
  // (properties).
  virtual Result<void> set_properties(ItemId item, const std::map<std::string, std::string>& properties) = 0;
  virtual Result<void> set_internal_date(ItemId item, InternalDate date) = 0;

  // What a copy of several updates has brought so far, so that it can be taken back if it breaks off: see bulk.h.
  // Nothing: it is whole.
  virtual void note_copy(std::string_view copy, std::optional<std::string> brought) = 0;

  // Whether a script makes sense is not asked here: that is rules/scripts.h. Errors: denied; invalid (no name for a
  // script), too_large (the script), over_quota (there are as many as there may be); not_found; exists; conflict (the
  // active script cannot be removed).
  virtual Result<void> put_script(const std::string& name, const std::string& text) = 0;
  virtual Result<void> remove_script(const std::string& name) = 0;
  virtual Result<void> rename_script(const std::string& from, const std::string& to) = 0;
  virtual Result<void> activate_script(const std::string& name) = 0;  // empty: none is active any more
  // Replaces all. Errors: denied, invalid (with what is wrong), too_large.
  virtual Result<void> set_preferences(const Preferences& preferences) = 0;
  // What scripts remember: seen messages, answered senders. `what` may be of any length.
  virtual Result<void> remember(std::string_view what, Instant until) = 0;

  // The importer's ledger rides in the same commit as the item. source: 1-300 bytes, source_key: 1-300 bytes.
  virtual Result<void> note_imported(std::string_view source, std::string_view source_key,
                                     const LedgerEntry& entry) = 0;
  virtual Result<void> forget_imported(std::string_view source, std::string_view source_key) = 0;
};

// What a committed change touched: enough for a watcher to know whether it cares.
struct Notice {
  Modseq modseq;
  std::vector<FolderId> folders;  // whose items or own properties changed; removed ones too; 0 = the account's own
  bool folder_list_changed = false;
  std::uint64_t session = 0;  // Caller::session of who changed it
};

// Ends the watching when destroyed; blocks while its function runs on another thread.
class Watch {
 public:
  virtual ~Watch() = default;
};

// One per account and process, kept by Accounts while anyone uses it. Thread-safe. Everything but folders() may block:
// call it from a worker.
class Account {
 public:
  virtual ~Account() = default;
  virtual AccountId id() const = 0;
  virtual TenantId tenant() const = 0;

  // Errors: denied (the caller may see nothing here, or only when its owner is busy), unavailable.
  virtual Result<std::unique_ptr<Reader>> read(const Caller& caller) = 0;

  // Runs `change` and commits what it did; on a conflict with another node runs it again on fresh data. Returns the new
  // modseq once durable, then tells the watchers. A change that wrote nothing commits nothing and returns the present
  // modseq. Concurrent updates of one account are committed together where they can be: each still is all or nothing.
  // `change` may be run more than once: no side effects in it but on its own result variables. Errors: what `change`
  // returned, over_quota, unavailable.
  virtual Result<Modseq> update(const Caller& caller, const std::function<Result<void>(Transaction&)>& change) = 0;

  // The folder's messages that no session has shown as \Recent yet (RFC 3501 section 2.3.2): from this UID on. Taken
  // once: the next caller gets a later one.
  virtual Result<Uid> claim_recent(const Caller& caller, FolderId folder) = 0;

  // The present moment's cheap facts, without blocking: for status displays and to see whether a folder changed.
  virtual std::shared_ptr<const FolderTable> folders() const = 0;
  virtual Modseq modseq() const = 0;
  virtual ActiveScript active_script() const = 0;
  // The caller's right:: bits on a folder of the present moment; 0 if there is no such folder. For those that may not
  // read the account, too: who has only rights on free/busy.
  virtual std::uint32_t rights(const Caller& caller, FolderId folder) const = 0;

  // `notify` is called after each commit, on the committing thread, in order: it must be quick, never block and never
  // call the account.
  virtual std::unique_ptr<Watch> watch(std::function<void(const Notice&)> notify) = 0;
};

}  // namespace kontor::groupware
