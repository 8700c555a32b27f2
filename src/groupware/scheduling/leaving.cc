// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings that go with the calendar that they are in.
#include <algorithm>
#include <iterator>
#include <optional>

#include "base/log.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostLeaving = 200;    // messages of one commit, but for those of its last meeting
constexpr std::size_t kLookedAtOnce = 1000;  // items

struct LeavingPage {
  std::vector<std::pair<Uid, ItemId>> meetings;
  std::optional<std::string> last;  // after which there may be more
};

// The next items of a folder that somebody else may have to hear of.
Result<LeavingPage> next_meetings(const Reader& reader, FolderId folder, const std::string& after) {
  LeavingPage page;
  std::vector<Entry> entries;
  TRY_VOID(reader.entries(folder, after, [&](const Entry& entry) {
    entries.push_back(entry);
    return entries.size() < kLookedAtOnce;
  }));
  if (entries.size() == kLookedAtOnce) page.last = entries.back().name;
  std::vector<ItemId> ids;
  for (const Entry& entry : entries) ids.push_back(entry.item);
  std::vector<ItemId> scheduled;
  std::ranges::sort(ids);
  TRY_VOID(reader.facts(std::move(ids), [&](ItemId id, const Facts& facts) {
    if (facts.has_attendees) scheduled.push_back(id);
  }));
  for (const Entry& entry : entries)
    if (std::ranges::binary_search(scheduled, entry.item)) page.meetings.emplace_back(entry.uid, entry.item);
  return page;
}

}  // namespace

bool Scheduler::is_as_left(const Reader& reader, const Leaving& leaving) {
  return std::ranges::all_of(leaving.folders, [&](const auto& seen) {
    const auto folder = reader.folders()->find(seen.first);
    return folder && folder->highest == seen.second;
  });
}

// Removes the meetings, each with what it sends, ahead of their folders.
Result<void> Scheduler::leave_now(Account& account, const Leave& leave, std::vector<std::pair<FolderId, Uid>>& gone,
                                  Leaving& out) const {
  const auto done = account.update(leave.caller, [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(leave.allowed(transaction));
    if (!is_as_left(transaction, out)) return fail(Errc::conflict, "it was changed meanwhile");
    TRY_VOID(transaction.with_all_rights([&](Transaction& step) -> Result<void> {
      for (const auto& [folder, uid] : gone) TRY_VOID(step.remove(folder, uid));
      return {};
    }));
    return put(transaction, out.post);
  });
  if (!done) return std::unexpected(done.error());
  for (const auto& [folder, uid] : gone)
    for (auto& [left, highest] : out.folders)
      if (left == folder) highest = *done;
  gone.clear();
  out.post.clear();
  return {};
}

Result<Scheduler::Leaving> Scheduler::leave(const directory::Principal& owner, Account& account, Leave leave) const {
  Leaving out{leave.folders, {}};
  std::vector<std::pair<FolderId, Uid>> gone;  // those of out.post
  for (const auto& [folder, seen] : leave.folders) {
    // What comes from elsewhere is told from there: who does not want to see it any more calls nothing off.
    if (const auto place = account.folders()->find(folder); place && place->properties.contains(kIsFeed)) continue;
    std::optional<std::string> after = "";
    while (after) {
      TRY(const auto reader, account.read(Caller::system()));
      TRY(LeavingPage page, next_meetings(*reader, folder, *after));
      after = std::move(page.last);
      for (const auto& [uid, item] : page.meetings) {
        const auto object = read_object(*reader, item);
        if (!object) continue;
        const auto said = plan(owner, {.before = &*object, .after = nullptr, .replies = leave.replies});
        if (!said) log::info("scheduling.left_unsaid", {{"item", item.value}, {"why", said.error().text}});
        if (!said || said->messages.empty()) continue;
        TRY(Post post, stage(owner, said->messages));
        if (!gone.empty() && out.post.size() + post.size() > kMostLeaving)
          TRY_VOID(leave_now(account, leave, gone, out));
        std::ranges::move(post, std::back_inserter(out.post));
        gone.emplace_back(folder, uid);
      }
    }
  }
  return out;
}

}  // namespace kontor::groupware
