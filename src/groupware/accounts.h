// SPDX-License-Identifier: AGPL-3.0-or-later
// All accounts of this process: opening, staging content, sweeping, checking.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "groupware/account.h"
#include "groupware/content.h"

namespace kontor::store {
class Engine;
}
namespace kontor::directory {
class Directory;
}

namespace kontor::groupware {

class Extractor;
class PushStore;
class TextIndex;
struct PushMessage;
struct DefaultAlarmMark;

struct SearchOptions {
  std::string folder;                        // where the index of words lies; empty: there is none
  std::uint64_t cache_bytes = 128ULL << 20;  // memory for lists of words
  std::chrono::milliseconds settle{5000};    // how long news wait, so that more of them share a commit of the index
};

struct Options {
  std::uint64_t inline_limit = 64 << 10;      // larger content goes to the blob store
  std::uint64_t largest_item = 256ULL << 20;  // bytes of one item
  std::uint32_t folders_per_account = 10'000;
  std::uint32_t folder_depth = 64;                // levels of folders within folders
  std::uint64_t view_cache_bytes = 256ULL << 20;  // of all folder views together
  std::uint32_t log_commits = 100'000;            // how far back the change log of an account reaches
  std::uint32_t scripts_per_account = 50;
  std::uint64_t largest_script = 256 << 10;
  bool notes_lessons = false;                // what is moved to and from junk: see Accounts::lessons
  std::chrono::seconds sweep_grace{86'400};  // for blobs
  SearchOptions search;
};

// What `kontor check` found. `repaired` is set where --repair made it right.
struct Fault {
  std::string where;  // "account 17 (ada@example.org), folder 3, UID 12"
  std::string what;
  bool repaired = false;
};
struct CheckReport {
  std::uint64_t accounts = 0, folders = 0, items = 0, bytes = 0, blobs = 0;
  std::vector<Fault> faults;
};
struct CheckOptions {
  bool repair = false;
  bool read_content = false;  // also read all content and compare its hash
  std::function<void(std::uint64_t done, std::uint64_t of)> progress;
};

// A message that somebody moved to or from junk, and about which a spam filter may be told.
struct Lesson {
  ItemId item;
  bool is_junk = false;
  Instant at{};
  std::string value;  // as stored
};

// An item whose next alarm is due.
struct DueAlarm {
  Instant at;
  FolderId folder;
  Uid uid;
  ItemId item;
  AlarmWay way = AlarmWay::mail;
  PrincipalId guest = {};  // whose own it is (calendar/own_parts.h); 0: the owner's
  AccountId host = {};     // of a guest's: in which account the item is
};

// A removed folder of whose items those concerned are still to be told: see Transaction::remove_folder.
struct UnsaidFolder {
  FolderId folder;
  bool tells_replies = true;  // of what somebody else has invited to
  Uid said;                   // all up to that one is said
};

// Thread-safe. Blocks: call it from a worker.
class Accounts {
 public:
  // All must outlive it. `extractor` gives searches the text of attached documents; it may be null.
  static std::unique_ptr<Accounts> make(store::Engine& engine, directory::Directory& directory, const Clock& clock,
                                        const Options& options = {}, Extractor* extractor = nullptr);
  virtual ~Accounts() = default;

  // The account of a user, shared mailbox, room or equipment; made with its standard folders (INBOX, Sent, Drafts,
  // Trash, Junk, Archive) the first time, and with the default folders of other kinds where it has none. Errors:
  // not_found (no such principal), unavailable, corrupt.
  virtual Result<std::shared_ptr<Account>> open(AccountId id) = 0;
  // The account if it is open already, else null. Does not block.
  virtual std::shared_ptr<Account> find_open(AccountId id) = 0;

  // For content of any account of the tenant.
  virtual std::unique_ptr<Stager> stage(TenantId tenant, Kind kind = Kind::mail) = 0;

  // The bytes of what was staged.
  virtual std::shared_ptr<const Content> content(const StagedContent& staged) = 0;

  // Purges recoverable items past their period, then sweeps blobs. Meant to be called now and then.
  virtual Result<void> sweep() = 0;
  // Waits until what was removed in the background is gone: see Transaction::remove_folder.
  virtual void finish_removals() = 0;
  // What is still to be told, and of which items next: in the order of UIDs, behind `folder.said`. Does not open the
  // account.
  virtual Result<std::vector<UnsaidFolder>> unsaid_folders(AccountId id) = 0;
  virtual Result<std::vector<std::pair<Uid, ItemId>>> unsaid_items(AccountId id, const UnsaidFolder& folder,
                                                                   std::size_t limit) = 0;
  // Removes an account's data for ever.
  virtual Result<void> erase(AccountId id) = 0;

  virtual Result<CheckReport> check(const CheckOptions& options) = 0;

  // Lessons are kept in the commit that moves the message, until they are forgotten. One for each message: the last.
  virtual Result<std::vector<Lesson>> lessons(AccountId id, std::size_t limit) = 0;
  virtual Result<void> forget_lessons(AccountId id, const std::vector<Lesson>& lessons) = 0;
  // Called when an account has new ones, or is opened or swept with old ones: must be quick, and not call the accounts.
  virtual void on_lessons(std::function<void(AccountId)> notify) = 0;

  // The next alarms of an account's items (calendar/alarms.h says which alarms they are): one of each way for each
  // item, noted in the commit that brings it; and of each guest the same of his own, after those. Those due at or
  // before `until`, the earliest of a way first; shown ones only while a device of whom they remind wants to be told.
  virtual Result<std::vector<DueAlarm>> due_alarms(AccountId id, Instant until, std::size_t limit) = 0;
  // When the next one is due, or default_alarms() are to be looked at; nothing if neither. Cheap, and does not open the
  // account.
  virtual Result<std::optional<Instant>> next_alarm(AccountId id) = 0;
  // These are done: each item goes on to its next alarm after `after`, or to none. Not with items that changed
  // meanwhile. In the same commit `messages` are put where pushes() has them.
  virtual Result<void> finish_alarms(AccountId id, const std::vector<DueAlarm>& done, Instant after,
                                     const std::vector<PushMessage>& messages) = 0;
  // When something of the account's default alarms may be due (calendar/default_alarms.h); nothing: none are set.
  // Cheap, and does not open the account.
  virtual Result<std::optional<DefaultAlarmMark>> default_alarms(AccountId id) = 0;
  // What was done of them since `seen`; without `next` there are none any more. In the same commit `messages` are put
  // where pushes() has them.
  virtual Result<void> finish_default_alarms(AccountId id, const DefaultAlarmMark& seen,
                                             const std::optional<DefaultAlarmMark>& next,
                                             const std::vector<PushMessage>& messages) = 0;
  // Called when a commit noted an alarm, with when it is due: must be quick, and not call the accounts. What was noted
  // before the process began, next_alarm() tells.
  virtual void on_alarms(std::function<void(AccountId, Instant)> notify) = 0;

  // The devices that want to be told of what happens, and what they are to be told.
  virtual PushStore& pushes() = 0;

  // Where the account's calendars come from, as far as they come from elsewhere. Does not open the account.
  virtual Result<std::vector<Feed>> feeds(AccountId id) = 0;
  // What fetching it gave: no change of the account. Not of a feed whose settings are others by now.
  virtual Result<void> note_feed(AccountId id, const Feed& feed) = 0;
  // Called when a commit has set one, or noted that one is due now: must be quick, and not call the accounts.
  virtual void on_feeds(std::function<void(AccountId)> notify) = 0;

  // All zones, read once for all; and the machine's own, for floating times of which nobody says where they are.
  virtual const icalendar::ZoneDatabase& zones() const = 0;
  virtual icalendar::ZonePointer home_zone() const = 0;

  // The index of words; null if there is none.
  virtual TextIndex* text_index() = 0;

  virtual const Options& options() const = 0;
};

}  // namespace kontor::groupware
