// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/indexer.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <list>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

#include "base/log.h"
#include "base/metrics.h"
#include "groupware/search/index/account_index.h"

namespace kontor::groupware {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kKnownAccounts = 4096;
constexpr auto kRetryAfter = std::chrono::seconds(30);
constexpr auto kWalkPace = std::chrono::milliseconds(50);  // between accounts that nobody named
constexpr int kNiceness = 10;

class Indexer final : public TextIndex {
 public:
  Indexer(const IndexOptions& options, IndexSource source, std::function<std::vector<AccountId>()> all,
          Extractor* extractor)
      : options_(options), source_(std::move(source)), all_(std::move(all)), extractor_(extractor) {}
  ~Indexer() override;

  void start() override;
  std::shared_ptr<const TextFinding> find(AccountId account, TextScope scope, const std::string& folded,
                                          TextMatch match) override;
  void note(AccountId account) override { note_at(account, std::chrono::steady_clock::now() + options_.settle); }
  Result<void> update(AccountId account) override;
  Result<void> rebuild(AccountId account) override;
  void forget(AccountId account) override;
  void forget_all_but(const std::vector<AccountId>& accounts) override;
  Result<IndexStatus> status(AccountId account) override { return index_of(account)->status(); }

 private:
  struct Known {
    std::shared_ptr<AccountIndex> index;
    std::list<AccountId>::iterator used;
  };

  std::string folder_of(AccountId account) const { return fmt::format("{}/{}", options_.folder, account.value); }
  std::shared_ptr<AccountIndex> index_of(AccountId account);
  void trim();
  void note_at(AccountId account, SteadyTime due);
  void run();
  std::optional<AccountId> next(std::unique_lock<std::mutex>& lock);
  void follow(AccountId account);
  Result<AccountIndex::Step> step(AccountIndex& index);
  void tell_failure(AccountId account, const Error& error);

  const IndexOptions options_;
  const IndexSource source_;
  const std::function<std::vector<AccountId>()> all_;
  Extractor* const extractor_;
  std::atomic<bool> is_stopping_ = false;

  std::mutex known_mutex_;
  std::unordered_map<AccountId, Known> known_;
  std::list<AccountId> order_;  // most recently used first

  std::mutex queue_mutex_;
  std::condition_variable news_;
  std::set<std::pair<SteadyTime, AccountId>> queue_;
  std::unordered_map<AccountId, SteadyTime> due_;
  std::vector<AccountId> walk_;  // accounts still to be looked at after the start
  std::atomic<bool> is_failing_ = false;
  std::thread thread_;

  metrics::Gauge waiting_{"kontor_search_accounts_waiting", "Accounts whose news the search index does not have yet"};
  metrics::Gauge lag_{"kontor_search_lag_seconds", "How far behind the index is with the account that waits longest"};
  metrics::Counter added_{"kontor_search_documents_added_total", "Messages that were indexed"};
  metrics::Counter removed_{"kontor_search_documents_removed_total", "Messages that were taken out of the index"};
  metrics::Counter failures_{"kontor_search_failures_total", "Steps of the index that could not be written or read"};
};

Indexer::~Indexer() {
  {
    std::lock_guard lock(queue_mutex_);
    is_stopping_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Indexer::start() {
  std::vector<AccountId> walk = all_();
  forget_all_but(walk);
  std::lock_guard lock(queue_mutex_);
  if (thread_.joinable()) return;
  walk_ = std::move(walk);
  thread_ = std::thread([this] { run(); });
}

std::shared_ptr<AccountIndex> Indexer::index_of(AccountId account) {
  std::lock_guard lock(known_mutex_);
  if (const auto at = known_.find(account); at != known_.end()) {
    order_.splice(order_.begin(), order_, at->second.used);
    return at->second.index;
  }
  auto index = std::make_shared<AccountIndex>(account, folder_of(account), source_, extractor_, is_stopping_);
  order_.push_front(account);
  known_.emplace(account, Known{index, order_.begin()});
  return index;
}

// Lets go what was used least recently, until the rest is small enough.
void Indexer::trim() {
  std::vector<std::shared_ptr<AccountIndex>> large;
  {
    std::lock_guard lock(known_mutex_);
    std::uint64_t bytes = 0;
    for (auto at = order_.begin(); at != order_.end();) {
      const auto known = known_.find(*at);
      bytes += known->second.index->memory();
      const bool is_unused = known->second.index.use_count() == 1;
      if (bytes > options_.cache_bytes && at != order_.begin() && known->second.index->memory() != 0)
        large.push_back(known->second.index);
      if (known_.size() > kKnownAccounts && is_unused && known->second.index->memory() == 0) {
        at = order_.erase(at);
        known_.erase(known);
      } else {
        ++at;
      }
    }
  }
  for (const auto& index : large) index->unload();
}

std::shared_ptr<const TextFinding> Indexer::find(AccountId account, TextScope scope, const std::string& folded,
                                                 TextMatch match) {
  const auto index = index_of(account);
  const std::size_t before = index->memory();
  auto found = index->find(scope, folded, match);
  if (index->memory() > before) trim();
  if (!found) tell_failure(account, found.error());
  if (!found || !*found) note(account);
  return found ? *std::move(found) : nullptr;
}

void Indexer::note_at(AccountId account, SteadyTime due) {
  std::lock_guard lock(queue_mutex_);
  if (!thread_.joinable()) return;
  const auto [at, is_new] = due_.emplace(account, due);
  if (!is_new && at->second <= due) return;
  if (!is_new) queue_.erase({at->second, account});
  at->second = due;
  queue_.emplace(due, account);
  if (queue_.begin()->second == account) news_.notify_one();
}

Result<AccountIndex::Step> Indexer::step(AccountIndex& index) {
  auto done = index.step();
  if (!done) return done;
  added_.add(static_cast<double>(done->added));
  removed_.add(static_cast<double>(done->removed));
  if (done->added + done->removed != 0 && is_failing_.exchange(false)) log::info("search.index_recovered");
  return done;
}

Result<void> Indexer::update(AccountId account) {
  const auto index = index_of(account);
  for (bool has_more = true; has_more && !is_stopping_;) {
    TRY(const auto done, step(*index));
    has_more = done.has_more;
  }
  return {};
}

Result<void> Indexer::rebuild(AccountId account) {
  index_of(account)->drop();
  note_at(account, std::chrono::steady_clock::now());
  return {};
}

void Indexer::forget(AccountId account) { index_of(account)->drop(); }

void Indexer::forget_all_but(const std::vector<AccountId>& accounts) {
  const std::set<AccountId> there(accounts.begin(), accounts.end());
  std::vector<std::filesystem::path> remains;
  std::error_code error;
  for (std::filesystem::directory_iterator at(options_.folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::uint64_t id = 0;
    const auto [last, wrong] = std::from_chars(name.data(), name.data() + name.size(), id);
    // What is not ours is left alone.
    const std::string_view rest(last, static_cast<std::size_t>(name.data() + name.size() - last));
    const bool is_gone = rest.empty() && !there.contains(AccountId(id));
    const bool is_unfinished = rest.starts_with(kCompactedSuffix) || rest.starts_with(kSuccessorSuffix);
    if (wrong == std::errc() && (is_gone || is_unfinished)) remains.push_back(at->path());
  }
  for (const auto& path : remains) std::filesystem::remove_all(path, error);
}

void Indexer::run() {
  // Of this thread alone (Linux): whoever delivers and reads comes first.
  ::setpriority(PRIO_PROCESS, 0, kNiceness);
  std::unique_lock lock(queue_mutex_);
  while (!is_stopping_) {
    const auto account = next(lock);
    if (!account) continue;
    lock.unlock();
    follow(*account);
    lock.lock();
  }
}

// Waits for what is due; nothing if there may be other news. Called and left with the queue locked.
std::optional<AccountId> Indexer::next(std::unique_lock<std::mutex>& lock) {
  const auto now = std::chrono::steady_clock::now();
  waiting_.set(static_cast<double>(queue_.size() + walk_.size()));
  if (!queue_.empty() && queue_.begin()->first <= now) {
    const auto [due, account] = *queue_.begin();
    lag_.set(std::chrono::duration<double>(now - due + options_.settle).count());
    queue_.erase(queue_.begin());
    due_.erase(account);
    return account;
  }
  lag_.set(0);
  if (!walk_.empty()) {
    news_.wait_for(lock, kWalkPace);
    if (walk_.empty() || is_stopping_) return std::nullopt;
    const AccountId account = walk_.back();
    walk_.pop_back();
    return account;
  }
  if (queue_.empty())
    news_.wait(lock);
  else
    news_.wait_until(lock, queue_.begin()->first);
  return std::nullopt;
}

void Indexer::follow(AccountId account) {
  Result<AccountIndex::Step> done = fail(Errc::unavailable, "the account could not be read");
  try {
    done = step(*index_of(account));
  } catch (const std::exception& error) {
    done = fail(Errc::unavailable, error.what());
  }
  trim();
  if (!done) tell_failure(account, done.error());
  if (!done) note_at(account, std::chrono::steady_clock::now() + kRetryAfter);
  if (done && done->has_more) note_at(account, std::chrono::steady_clock::now());
}

// Once, until it works again: searches go on without the index.
void Indexer::tell_failure(AccountId account, const Error& error) {
  failures_.add();
  if (!is_failing_.exchange(true))
    log::warn("search.index_failed",
              {{"account", account.value}, {"why", error.text}, {"effect", "searches are slower"}});
}

}  // namespace

std::unique_ptr<TextIndex> make_text_index(const IndexOptions& options, IndexSource source,
                                           std::function<std::vector<AccountId>()> all, Extractor* extractor) {
  return std::make_unique<Indexer>(options, std::move(source), std::move(all), extractor);
}

}  // namespace kontor::groupware
