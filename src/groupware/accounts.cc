// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/accounts.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/bytes.h"
#include "base/log.h"
#include "groupware/any_key.h"
#include "groupware/broken_copies.h"
#include "groupware/calendar/stored_alarms.h"
#include "groupware/calendar/stored_feeds.h"
#include "groupware/check.h"
#include "groupware/default_folders.h"
#include "groupware/delivery_notes.h"
#include "groupware/hold.h"
#include "groupware/janitor.h"
#include "groupware/keys.h"
#include "groupware/push/stored_pushes.h"
#include "groupware/search/index/indexer.h"
#include "groupware/stored_account.h"
#include "groupware/stored_content.h"
#include "groupware/unsaid_folders.h"

namespace kontor::groupware {
namespace {

// Open accounts are small (folders and counters): so many stay open without a user.
constexpr std::size_t kKeptOpen = 4096;
constexpr std::size_t kPurgedPerCommit = 500;
constexpr int kSecondsPerDay = 86'400;

struct StandardFolder {
  const char* name;
  FolderRole role;
};
constexpr StandardFolder kStandardFolders[] = {
    {"INBOX", FolderRole::inbox}, {"Sent", FolderRole::sent}, {"Drafts", FolderRole::drafts},
    {"Trash", FolderRole::trash}, {"Junk", FolderRole::junk}, {"Archive", FolderRole::archive},
};

std::shared_ptr<const Moment> nothing(Instant now) {
  auto moment = std::make_shared<Moment>();
  moment->record.created = now;
  moment->folders = std::make_shared<const FolderTable>();
  moment->keywords = std::make_shared<const KeywordTable>();
  return moment;
}

class StoredAccounts final : public Accounts {
 public:
  StoredAccounts(store::Engine& engine, directory::Directory& directory, const Clock& clock, const Options& options,
                 Extractor* extractor)
      : environment_(engine, directory, clock, options, extractor),
        pushes_(environment_, [this](AccountId id) { return open_stored(id); }),
        janitor_([this](AccountId id) { return tidy(id); }) {
    environment_.tidy = [this](AccountId id) { janitor_.add(id); };
    environment_.alarm = [this](AccountId id, Instant at) {
      std::lock_guard lock(lessons_mutex_);
      if (on_alarms_) on_alarms_(id, at);
    };
    environment_.push = [this](AccountId id, Instant at) { pushes_.tell(id, at); };
    environment_.feed = [this](AccountId id) {
      std::lock_guard lock(lessons_mutex_);
      if (on_feeds_) on_feeds_(id);
    };
    environment_.teach = [this](AccountId id) { teach(id); };
    const SearchOptions& search = options.search;
    if (search.folder.empty()) return;
    IndexSource source(engine, [this](AccountId id) { return open(id); });
    environment_.texts = make_text_index(
        {search.folder, search.cache_bytes, search.settle}, std::move(source), [this] { return all_accounts(); },
        extractor);
  }
  // Updates tell the index of themselves, and it reads accounts as long as it lives.
  ~StoredAccounts() override {
    janitor_.stop();
    environment_.texts.reset();
  }

  Result<std::shared_ptr<Account>> open(AccountId id) override {
    TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
    return account;
  }

  std::shared_ptr<Account> find_open(AccountId id) override {
    std::lock_guard lock(mutex_);
    auto at = open_.find(id);
    return at == open_.end() ? nullptr : at->second.account;
  }

  std::unique_ptr<Stager> stage(TenantId tenant, Kind kind) override { return make_stager(environment_, tenant, kind); }

  std::shared_ptr<const Content> content(const StagedContent& staged) override {
    return staged.inline_bytes ? inline_content(staged.inline_bytes)
                               : blob_content(environment_.blobs, staged.tenant, staged.hash, staged.size);
  }

  Result<void> sweep() override;
  void finish_removals() override { janitor_.wait(); }
  Result<std::vector<UnsaidFolder>> unsaid_folders(AccountId id) override {
    return stored_unsaid_folders(environment_, id);
  }
  Result<std::vector<std::pair<Uid, ItemId>>> unsaid_items(AccountId id, const UnsaidFolder& folder,
                                                           std::size_t limit) override {
    return stored_unsaid_items(environment_, id, folder, limit);
  }
  Result<void> erase(AccountId id) override;
  Result<CheckReport> check(const CheckOptions& options) override;
  Result<std::vector<Lesson>> lessons(AccountId id, std::size_t limit) override;
  Result<void> forget_lessons(AccountId id, const std::vector<Lesson>& lessons) override;
  void on_lessons(std::function<void(AccountId)> notify) override {
    std::lock_guard lock(lessons_mutex_);
    on_lessons_ = std::move(notify);
  }
  Result<std::vector<DueAlarm>> due_alarms(AccountId id, Instant until, std::size_t limit) override {
    return stored_alarms(environment_, id, until, limit);
  }
  Result<std::optional<Instant>> next_alarm(AccountId id) override { return next_stored_alarm(environment_, id); }
  Result<void> finish_alarms(AccountId id, const std::vector<DueAlarm>& done, Instant after,
                             const std::vector<PushMessage>& messages) override {
    TRY(const std::shared_ptr<StoredAccount> account, open_stored(id));
    return finish_stored_alarms(environment_, *account, done, after, messages);
  }
  Result<std::optional<DefaultAlarmMark>> default_alarms(AccountId id) override {
    return stored_default_alarms(environment_, id);
  }
  Result<void> finish_default_alarms(AccountId id, const DefaultAlarmMark& seen,
                                     const std::optional<DefaultAlarmMark>& next,
                                     const std::vector<PushMessage>& messages) override {
    TRY(const std::shared_ptr<StoredAccount> account, open_stored(id));
    return finish_stored_default_alarms(environment_, *account, seen, next, messages);
  }
  void on_alarms(std::function<void(AccountId, Instant)> notify) override {
    std::lock_guard lock(lessons_mutex_);
    on_alarms_ = std::move(notify);
  }
  PushStore& pushes() override { return pushes_; }
  Result<std::vector<Feed>> feeds(AccountId id) override { return stored_feeds(environment_, id); }
  Result<void> note_feed(AccountId id, const Feed& feed) override {
    TRY(const std::shared_ptr<StoredAccount> account, open_stored(id));
    TRY_VOID(note_stored_feed(*account, feed));
    if (feed.next <= environment_.clock.now()) environment_.feed(id);
    return {};
  }
  void on_feeds(std::function<void(AccountId)> notify) override {
    std::lock_guard lock(lessons_mutex_);
    on_feeds_ = std::move(notify);
  }
  const icalendar::ZoneDatabase& zones() const override { return environment_.zones; }
  icalendar::ZonePointer home_zone() const override { return environment_.home; }
  TextIndex* text_index() override { return environment_.texts.get(); }
  const Options& options() const override { return environment_.options; }

 private:
  struct Opened {
    std::shared_ptr<StoredAccount> account;
    std::list<AccountId>::iterator used;
  };

  Result<std::shared_ptr<StoredAccount>> open_stored(AccountId id);
  Result<std::shared_ptr<StoredAccount>> load(AccountId id);
  Result<void> purge_removed(const directory::Tenant& tenant, AccountId id);
  Result<void> forget_gone_guests(AccountId id);
  Result<void> forget_removed(AccountId id);
  Result<bool> tidy(AccountId id);
  Result<void> go_on(StoredAccount& account, store::Snapshot& snapshot);
  void complete_folders(StoredAccount& account);
  Result<void> forget_deliveries(AccountId id);
  Result<void> forget_memories(AccountId id);
  void teach(AccountId id) {
    std::lock_guard lock(lessons_mutex_);
    if (on_lessons_) on_lessons_(id);
  }
  Result<void> sweep_blobs(const directory::Tenant& tenant);
  std::vector<AccountId> all_accounts();
  void drop_unsound_indexes();

  Environment environment_;
  std::mutex mutex_;
  std::condition_variable loaded_;
  std::set<AccountId> loading_;
  std::unordered_map<AccountId, Opened> open_;
  // Accounts that someone still holds after they were dropped here: the same account must not exist twice.
  std::unordered_map<AccountId, std::weak_ptr<StoredAccount>> known_;
  std::list<AccountId> order_;  // most recently used first
  std::mutex lessons_mutex_;
  std::function<void(AccountId)> on_lessons_;
  std::function<void(AccountId, Instant)> on_alarms_;
  StoredPushes pushes_;
  std::function<void(AccountId)> on_feeds_;
  Janitor janitor_;  // first to end
};

Result<std::shared_ptr<StoredAccount>> StoredAccounts::open_stored(AccountId id) {
  std::unique_lock lock(mutex_);
  loaded_.wait(lock, [&] { return !loading_.contains(id); });
  if (auto at = open_.find(id); at != open_.end()) {
    order_.splice(order_.begin(), order_, at->second.used);
    return at->second.account;
  }
  std::shared_ptr<StoredAccount> account;
  if (auto at = known_.find(id); at != known_.end()) account = at->second.lock();
  if (!account) {
    // Others wait for this account only: two of one must never be, but all may load side by side.
    loading_.insert(id);
    lock.unlock();
    Result<std::shared_ptr<StoredAccount>> loaded = fail(Errc::unavailable, "the account could not be read");
    try {
      loaded = load(id);
    } catch (const std::exception& e) {
      log::error("account.load_failed", {{"account", id.value}, {"why", e.what()}});
    }
    lock.lock();
    loading_.erase(id);
    loaded_.notify_all();
    if (!loaded) return std::unexpected(loaded.error());
    account = *std::move(loaded);
    known_[id] = account;
  }
  order_.push_front(id);
  open_.emplace(id, Opened{account, order_.begin()});
  if (open_.size() > kKeptOpen) {
    AccountId last = order_.back();
    open_.erase(last);
    order_.pop_back();
    if (known_[last].expired()) known_.erase(last);
  }
  return account;
}

Result<std::shared_ptr<StoredAccount>> StoredAccounts::load(AccountId id) {
  TRY(directory::Principal principal, environment_.directory.by_account(id));
  TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
  Result<std::shared_ptr<const Moment>> moment = load_moment(*snapshot);
  if (moment) {
    auto account = std::make_shared<StoredAccount>(environment_, id, principal.tenant, *std::move(moment));
    TRY_VOID(go_on(*account, *snapshot));
    snapshot.reset();
    complete_folders(*account);
    return account;
  }
  if (moment.error().code != Errc::not_found) return std::unexpected(moment.error());
  TRY(const bool has_records, has_any(*snapshot, std::string(1, '\0'), {}));
  if (has_records) return fail(Errc::corrupt, "the account's own record is missing; run `kontor check`");
  snapshot.reset();
  auto account = std::make_shared<StoredAccount>(environment_, id, principal.tenant, nothing(environment_.clock.now()));
  TRY_VOID(account->update(Caller::system(), [](Transaction& transaction) -> Result<void> {
    if (!transaction.folders()->all().empty()) return {};  // another node made it meanwhile
    for (const StandardFolder& standard : kStandardFolders) {
      Transaction::NewFolder folder;
      folder.name = standard.name;
      folder.role = standard.role;
      TRY_VOID(transaction.create_folder(folder));
    }
    return make_default_folders(transaction);
  }));
  return account;
}

// Of an account that was made before there were such folders. A disk without room must not keep anyone from reading:
// then it is tried again when the account is next opened.
void StoredAccounts::complete_folders(StoredAccount& account) {
  if (has_default_folders(*account.folders())) return;
  if (const auto made = account.update(Caller::system(), make_default_folders); !made)
    log::error("account.folders_not_made", {{"account", account.id().value}, {"why", made.error().text}});
}

// What a former process left half done.
Result<void> StoredAccounts::go_on(StoredAccount& account, store::Snapshot& snapshot) {
  TRY(const bool has_copies, has_any(snapshot, key::all('C')));
  TRY(const bool has_doomed, has_any(snapshot, key::all('D')));
  if (has_doomed) janitor_.add(account.id());
  TRY(const bool has_lessons, has_any(snapshot, key::all('W')));
  if (has_lessons) teach(account.id());
  // A disk without room must not keep anyone from reading: then it is tried again when the account is next opened.
  if (has_copies)
    if (const Result<void> withdrawn = withdraw_broken_copies(account); !withdrawn)
      log::error("account.copy_not_withdrawn", {{"account", account.id().value}, {"why", withdrawn.error().text}});
  return {};
}

Result<bool> StoredAccounts::tidy(AccountId id) {
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  bool more = false;
  TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::loud,
                        [&](AccountTransaction& transaction) -> Result<void> {
                          TRY(more, transaction.empty_doomed(kPurgedPerCommit));
                          return {};
                        }));
  return more;
}

Result<void> StoredAccounts::purge_removed(const directory::Tenant& tenant, AccountId id) {
  Instant before =
      environment_.clock.now() - std::chrono::seconds(std::int64_t{tenant.recoverable_days} * kSecondsPerDay);
  if (is_held(environment_.directory, id)) return {};
  TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
  TRY(const bool is_any_due,
      has_any(*snapshot, key::all('X'), key::removed(before.time_since_epoch().count(), ItemId())));
  snapshot.reset();
  if (!is_any_due) return {};
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  for (std::size_t purged = kPurgedPerCommit; purged == kPurgedPerCommit;)
    TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::quiet,
                          [&](AccountTransaction& transaction) -> Result<void> {
                            TRY(purged, transaction.purge_removed(before, kPurgedPerCommit));
                            return {};
                          }));
  return {};
}

Result<void> StoredAccounts::forget_deliveries(AccountId id) {
  bool is_any = false, has_doomed = false, has_lessons = false;
  {
    TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
    TRY(is_any, has_any(*snapshot, delivery_notes_prefix()));
    TRY(has_doomed, has_any(*snapshot, key::all('D')));
    TRY(has_lessons, has_any(*snapshot, key::all('W')));
  }
  if (has_doomed) janitor_.add(id);
  if (has_lessons) teach(id);
  if (!is_any) return {};
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  TRY_VOID(account->update(Caller::system(), [&](Transaction& transaction) {
    return drop_delivery_notes(transaction, environment_.clock.now() - kKeptDeliveryNotes);
  }));
  return {};
}

Result<std::vector<Lesson>> StoredAccounts::lessons(AccountId id, std::size_t limit) {
  TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
  std::vector<Lesson> out;
  TRY_VOID(snapshot->scan(key::all('W'), key::end("W"), [&](store::Key key, store::Value value) {
    if (key.size() != 9 || value.size() != 9) return true;  // for `kontor check`
    out.push_back({ItemId(read_be64(key.substr(1))), value[0] == 's',
                   Instant(std::chrono::seconds(static_cast<std::int64_t>(read_be64(value.substr(1))))),
                   std::string(value)});
    return out.size() < limit;
  }));
  return out;
}

Result<void> StoredAccounts::forget_lessons(AccountId id, const std::vector<Lesson>& lessons) {
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::quiet,
                        [&](AccountTransaction& transaction) -> Result<void> {
                          for (const Lesson& lesson : lessons) TRY_VOID(transaction.forget_lesson(lesson));
                          return {};
                        }));
  return {};
}

// What scripts remembered for long enough.
Result<void> StoredAccounts::forget_memories(AccountId id) {
  const Instant now = environment_.clock.now();
  bool is_any_due = false;
  {
    TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
    TRY_VOID(snapshot->scan(key::all('U'), key::end("U"),
                            [&](store::Key, store::Value until) { return !(is_any_due = is_past(until, now)); }));
  }
  if (!is_any_due) return {};
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  for (std::size_t forgotten = kPurgedPerCommit; forgotten == kPurgedPerCommit;)
    TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::quiet,
                          [&](AccountTransaction& transaction) -> Result<void> {
                            TRY(forgotten, transaction.forget(now, kPurgedPerCommit));
                            return {};
                          }));
  return {};
}

Result<void> StoredAccounts::forget_gone_guests(AccountId id) {
  {
    TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
    TRY(const bool is_any, has_any(*snapshot, key::all('g')));
    if (!is_any) return {};
  }
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::quiet,
                        [](AccountTransaction& transaction) { return transaction.forget_gone_guests(); }));
  return {};
}

// Takes principals that are no more out of the grants.
Result<void> StoredAccounts::forget_removed(AccountId id) {
  TRY_VOID(forget_gone_guests(id));
  auto is_gone = [&](PrincipalId who) { return who && !environment_.directory.principal(who); };
  const directory::Shares shares = environment_.directory.shares(id);
  if (std::ranges::none_of(shares, is_gone, &directory::Share::with)) return {};
  TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
  TRY_VOID(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    for (const FolderTable::Pointer& folder : transaction.folders()->all()) {
      if (std::ranges::none_of(folder->grants, is_gone, &Grant::principal)) continue;
      Transaction::FolderChange change;
      change.grants = folder->grants;  // the core keeps only those that there are
      TRY_VOID(transaction.change_folder(folder->id, change));
    }
    return {};
  }));
  return {};
}

// What is wrong with one account or tenant must not keep the others' garbage.
Result<void> StoredAccounts::sweep() {
  for (const directory::Tenant& tenant : environment_.directory.tenants()) {
    for (const directory::Principal& principal : environment_.directory.principals(tenant.id)) {
      if (!principal.account()) continue;
      if (Result<void> purged = purge_removed(tenant, principal.account()); !purged)
        log::error("sweep.account_failed", {{"account", principal.id.value}, {"why", purged.error().text}});
      if (Result<void> forgot = forget_removed(principal.account()); !forgot)
        log::error("sweep.grants_failed", {{"account", principal.id.value}, {"why", forgot.error().text}});
      if (Result<void> forgot = forget_deliveries(principal.account()); !forgot)
        log::error("sweep.deliveries_failed", {{"account", principal.id.value}, {"why", forgot.error().text}});
      if (Result<void> forgot = forget_memories(principal.account()); !forgot)
        log::error("sweep.memories_failed", {{"account", principal.id.value}, {"why", forgot.error().text}});
    }
    if (Result<void> swept = sweep_blobs(tenant); !swept)
      log::error("sweep.blobs_failed", {{"tenant", tenant.name}, {"why", swept.error().text}});
  }
  return {};
}

Result<void> StoredAccounts::sweep_blobs(const directory::Tenant& tenant) {
  auto refers = [&](AccountId id, const std::string& hash) -> Result<bool> {
    TRY(std::unique_ptr<store::Snapshot> snapshot, environment_.engine.snapshot(store::account_partition(id)));
    return has_any(*snapshot, key::blob_users(hash));
  };
  TRY(store::Sweep swept, environment_.blobs.sweep(tenant.id, environment_.options.sweep_grace, refers));
  if (swept.blobs != 0 || swept.uploads != 0)
    log::info("blobs.swept",
              {{"tenant", tenant.name}, {"blobs", swept.blobs}, {"bytes", swept.bytes}, {"unfinished", swept.uploads}});
  return {};
}

Result<void> StoredAccounts::erase(AccountId id) {
  std::shared_ptr<StoredAccount> account;
  {
    std::unique_lock lock(mutex_);
    loaded_.wait(lock, [&] { return !loading_.contains(id); });
    if (auto at = known_.find(id); at != known_.end()) account = at->second.lock();
    if (auto at = open_.find(id); at != open_.end()) {
      order_.erase(at->second.used);
      open_.erase(at);
    }
  }
  auto drop = [&] { return environment_.engine.drop(store::account_partition(id)); };
  // Whoever still holds the account finds nothing to build on at its next update.
  Result<void> dropped = account ? account->exclusively(drop) : drop();
  environment_.views.drop(id);
  if (environment_.texts) environment_.texts->forget(id);
  return dropped;
}

Result<CheckReport> StoredAccounts::check(const CheckOptions& options) {
  TRY(CheckReport report,
      check_accounts(environment_, options,
                     [this](AccountId id, const std::function<Result<void>()>& repair) -> Result<void> {
                       TRY(std::shared_ptr<StoredAccount> account, open_stored(id));
                       return account->exclusively(repair);
                     }));
  if (environment_.texts && options.repair) drop_unsound_indexes();
  return report;
}

std::vector<AccountId> StoredAccounts::all_accounts() {
  std::vector<AccountId> all;
  for (const directory::Principal& principal : environment_.directory.principals(TenantId()))
    if (principal.account()) all.push_back(principal.account());
  return all;
}

// They are no faults: what a crash left unfinished, or ahead of a store that was put back, is made anew by itself.
void StoredAccounts::drop_unsound_indexes() {
  for (const AccountId id : all_accounts()) {
    const auto status = environment_.texts->status(id);
    if (!status || status->is_sound) continue;
    if (const auto dropped = environment_.texts->rebuild(id); !dropped)
      log::warn("search.index_not_dropped", {{"account", id.value}, {"why", dropped.error().text}});
  }
}

}  // namespace

std::unique_ptr<Accounts> Accounts::make(store::Engine& engine, directory::Directory& directory, const Clock& clock,
                                         const Options& options, Extractor* extractor) {
  return std::make_unique<StoredAccounts>(engine, directory, clock, options, extractor);
}

}  // namespace kontor::groupware
