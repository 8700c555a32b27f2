// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/feed_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

// Of an item: FeedItem::digest.
constexpr const char* kFeedDigest = "feed.digest";
constexpr std::size_t kChangesAtOnce = 500;  // in one commit
constexpr seconds kFeedPauseAfterFailure{60};
// The system's clock may be set: it is looked at so often.
constexpr seconds kLongestFeedSleep{30};
constexpr seconds kLongestRetry{86'400};
const std::string kFeedsTotal = "kontor_calendar_feeds_total",
                  kFeedsHelp = "Feeds that were fetched, by what became of them";

struct Present {
  Uid uid;
  ItemId item;
  std::string digest;
  bool is_wanted = false;
};
using PresentItems = std::unordered_map<std::string, Present>;  // by own UID

Result<PresentItems> present_items(const Reader& reader, FolderId folder) {
  std::vector<Entry> entries;
  TRY_VOID(reader.entries(folder, [&](const Entry& entry) {
    entries.push_back(entry);
    return true;
  }));
  PresentItems out;
  for (const Entry& entry : entries) {
    TRY(const Item item, reader.item(entry.item));
    const auto facts = reader.facts(entry.item);
    const auto digest = item.properties.find(kFeedDigest);
    // One whose UID is not known is taken away: it is named as no object of a feed is.
    std::string uid = facts && !facts->uid.empty() ? facts->uid : "\n" + entry.name;
    out[std::move(uid)] = {entry.uid, entry.item, digest == item.properties.end() ? "" : digest->second};
  }
  return out;
}

struct FeedStep {
  std::optional<Present> present;
  std::optional<NewItem> item;  // none: it goes
};

// What was is not to be brought back: the source has it, or nobody. A hold keeps it.
Result<void> forget(Transaction& transaction, ItemId item) {
  auto gone = transaction.purge_removed_item(item);
  if (!gone && gone.error().code != Errc::conflict && gone.error().code != Errc::not_found) return gone;
  return {};
}

Result<void> apply(Transaction& transaction, FolderId folder, const FeedStep& step) {
  if (!step.item) {
    TRY_VOID(transaction.remove(folder, step.present->uid));
    return forget(transaction, step.present->item);
  }
  if (!step.present) {
    TRY_VOID(transaction.add(folder, *step.item));
    return {};
  }
  TRY_VOID(transaction.replace(folder, step.present->uid, *step.item));
  TRY(const auto versions, transaction.versions(step.present->item));
  for (const ItemVersion& version : versions) TRY_VOID(forget(transaction, version.item));
  return {};
}

// Secret addresses have their secret in the path.
std::string logged_source(std::string_view source) {
  std::string shown = shown_source(source);
  const auto colon = shown.find("://");
  if (colon != std::string::npos) shown.resize(std::min(shown.size(), shown.find('/', colon + 3)));
  return shown;
}

std::string status_text(unsigned status) {
  switch (status) {
    case 401:
    case 403:
      return fmt::format("The source wants another login ({}).", status);
    case 404:
    case 410:
      return fmt::format("The source is not there ({}).", status);
    default:
      return fmt::format("The source answers with {}.", status);
  }
}

Instant due_after(const Feed& feed, Instant now) {
  seconds pause = feed.settings.refresh;
  if (feed.failures > 0)
    pause = std::max(std::min(pause * (1U << std::min(feed.failures - 1, 10U)), kLongestRetry), feed.settings.refresh);
  return now + pause;
}

}  // namespace

FeedKeeper::FeedKeeper(Services services)
    : services_(std::move(services)),
      changed_total_(kFeedsTotal, kFeedsHelp, {{"result", "changed"}}),
      same_total_(kFeedsTotal, kFeedsHelp, {{"result", "same"}}),
      failed_total_(kFeedsTotal, kFeedsHelp, {{"result", "failed"}}) {}

void FeedKeeper::start() {
  thread_ = std::thread([this] { work(); });
}

void FeedKeeper::stop() {
  services_.accounts.on_feeds({});
  is_ending_ = true;
  table_.end();
  if (thread_.joinable()) thread_.join();
}

void FeedKeeper::listen() {
  services_.accounts.on_feeds([this](AccountId account) { table_.note(account, services_.clock.now()); });
  for (const directory::Principal& one : services_.directory.principals(TenantId()))
    if (one.account() && !is_ending_) look(one.account());
}

void FeedKeeper::look(AccountId account) {
  const auto feeds = services_.accounts.feeds(account);
  if (!feeds) {
    log::warn("feeds.unknown", {{"account", account.value}, {"why", feeds.error().text}});
    table_.note(account, services_.clock.now() + kFeedPauseAfterFailure);
    return;
  }
  if (feeds->empty()) return;
  // What is overdue stands behind what others have waited for: so slow sources of one account hold up its own.
  table_.note(account, std::max(std::ranges::min_element(*feeds, {}, &Feed::next)->next, services_.clock.now()));
}

void FeedKeeper::work() {
  listen();
  do {
    run();
  } while (table_.wait(services_.clock, kLongestFeedSleep));
}

std::optional<Instant> FeedKeeper::run() {
  while (const auto account = table_.take(services_.clock.now())) {
    serve(*account);
    table_.release(*account);
  }
  return table_.next();
}

void FeedKeeper::serve(AccountId account) {
  Result<void> done;
  try {
    done = slice(account);
  } catch (const std::exception& e) {
    done = fail(Errc::corrupt, e.what());
  }
  if (done) return look(account);
  if (done.error().code == Errc::not_found) return;
  log::warn("feeds.not_fetched", {{"account", account.value}, {"why", done.error().text}});
  table_.note(account, services_.clock.now() + kFeedPauseAfterFailure);
}

Result<void> FeedKeeper::slice(AccountId id) {
  TRY(const std::vector<Feed> feeds, services_.accounts.feeds(id));
  TRY(const directory::Principal owner, services_.directory.by_account(id));
  TRY(const auto account, services_.accounts.open(id));
  const auto feed = std::ranges::min_element(feeds, {}, &Feed::next);
  if (feed == feeds.end() || feed->next > services_.clock.now()) return {};
  if (owner.status != directory::Status::suspended) return refresh(*account, *feed);
  Feed waiting = *feed;
  waiting.next = due_after(*feed, services_.clock.now());
  return services_.accounts.note_feed(id, waiting);
}

Result<void> FeedKeeper::refresh(Account& account, Feed feed) {
  const auto answer = services_.fetch(feed);
  if (is_ending_) return {};
  const Instant now = services_.clock.now();
  const bool had_digest = !feed.digest.empty();
  const std::string before = feed.digest;
  Result<void> done = answer ? take(account, feed, *answer) : std::unexpected(answer.error());
  feed.checked = now;
  if (done) {
    feed.failures = 0;
    feed.error.clear();
    const bool is_new = !had_digest || feed.digest != before;
    if (is_new) feed.changed = now;
    (is_new ? changed_total_ : same_total_).add();
  } else {
    // The folder went meanwhile.
    if (done.error().code == Errc::not_found) return {};
    feed.failures += 1;
    feed.error = done.error().text;
    failed_total_.add();
    log::info("feeds.failed", {{"account", account.id().value},
                               {"folder", feed.folder.value},
                               {"source", logged_source(feed.settings.source)},
                               {"why", feed.error}});
  }
  feed.next = due_after(feed, now);
  return services_.accounts.note_feed(account.id(), feed);
}

Result<void> FeedKeeper::take(Account& account, Feed& feed, const FeedAnswer& answer) {
  if (answer.status == 304 && !feed.digest.empty()) return {};
  if (answer.status != 200) return fail(Errc::unavailable, status_text(answer.status));
  const std::string digest = to_hex(sha256(answer.body));
  if (digest != feed.digest) {
    TRY(FeedItems wanted, read_feed(answer.body, feed.settings));
    std::vector<FeedStep> steps, changes;
    {
      TRY(const auto reader, account.read(Caller::system()));
      TRY(PresentItems present, present_items(*reader, feed.folder));
      for (FeedItem& one : wanted.items) {
        const auto at = present.find(one.uid);
        if (at != present.end()) at->second.is_wanted = true;
        if (at != present.end() && at->second.digest == one.digest) continue;
        NewItem item;
        item.kind = Kind::calendar;
        const auto stager = services_.accounts.stage(account.tenant(), Kind::calendar);
        TRY_VOID(stager->write(one.text));
        TRY(item.content, stager->finish());
        item.properties[kFeedDigest] = one.digest;
        changes.push_back({at == present.end() ? std::nullopt : std::optional(at->second), std::move(item)});
      }
      for (const auto& [uid, one] : present)
        if (!one.is_wanted) steps.push_back({one, std::nullopt});
      std::ranges::move(changes, std::back_inserter(steps));
    }
    for (std::size_t from = 0; from < steps.size(); from += kChangesAtOnce) {
      TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
        // Given up meanwhile: then it is whoever's calendar it is.
        const auto still = transaction.feed(feed.folder);
        if (!still || !*still || (*still)->settings != feed.settings) return fail(Errc::not_found, "it has no feed");
        for (std::size_t i = from; i < std::min(from + kChangesAtOnce, steps.size()); ++i)
          TRY_VOID(apply(transaction, feed.folder, steps[i]));
        return {};
      }));
    }
    if (wanted.left_out != 0)
      log::info("feeds.left_out",
                {{"account", account.id().value}, {"folder", feed.folder.value}, {"objects", wanted.left_out}});
  }
  feed.digest = digest;
  feed.etag = answer.etag;
  feed.last_modified = answer.last_modified;
  return {};
}

}  // namespace kontor::groupware
