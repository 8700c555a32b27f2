// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings that went with the calendar that they were in.
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

// Those of whom somebody else may have to hear.
Result<std::vector<ItemId>> scheduled_of(const Reader& reader, const std::vector<std::pair<Uid, ItemId>>& items) {
  std::vector<ItemId> ids, out;
  for (const auto& [uid, item] : items) ids.push_back(item);
  TRY_VOID(reader.facts(std::move(ids), [&](ItemId id, const Facts& facts) {
    if (facts.has_attendees) out.push_back(id);
  }));
  return out;
}

}  // namespace

Result<Scheduler::Post> Scheduler::farewell(const directory::Principal& owner, const Reader& reader, ItemId item,
                                            bool replies) const {
  const auto object = read_object(reader, item);
  if (!object) return Post();
  const auto said = plan(owner, {.before = &*object, .after = nullptr, .replies = replies});
  if (!said) log::info("scheduling.left_unsaid", {{"item", item.value}, {"why", said.error().text}});
  if (!said || said->messages.empty()) return Post();
  return stage(owner, said->messages);
}

// A bounded number of messages goes into each commit, which also notes how far it came: what breaks off goes on from
// there, and nobody hears of a meeting twice.
Result<void> Scheduler::say_left(const directory::Principal& owner, UnsaidFolder folder, Until until) {
  TRY(const auto account, services_.accounts.open(owner.account()));
  for (bool is_end = false; !is_end;) {
    if (std::chrono::steady_clock::now() > until) {
      wait(owner.account());
      return {};
    }
    TRY(const auto items, services_.accounts.unsaid_items(owner.account(), folder, kLookedAtOnce));
    TRY(const auto reader, account->read(Caller::system()));
    TRY(const std::vector<ItemId> scheduled, scheduled_of(*reader, items));
    is_end = items.size() < kLookedAtOnce;
    Post post;
    for (const auto& [uid, item] : items) {
      if (std::ranges::binary_search(scheduled, item)) {
        TRY(Post more, farewell(owner, *reader, item, folder.tells_replies));
        if (!post.empty() && post.size() + more.size() > kMostLeaving) {
          is_end = false;
          break;
        }
        std::ranges::move(more, std::back_inserter(post));
      }
      folder.said = uid;
    }
    const auto done = account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY_VOID(transaction.note_said(folder.folder, is_end ? std::nullopt : std::optional(folder.said)));
      return put(transaction, post);
    });
    if (!done) return std::unexpected(done.error());
  }
  return {};
}

Result<void> Scheduler::say_all_left(const directory::Principal& owner, Until until) {
  TRY(const auto unsaid, services_.accounts.unsaid_folders(owner.account()));
  for (const UnsaidFolder& folder : unsaid) TRY_VOID(say_left(owner, folder, until));
  return {};
}

}  // namespace kontor::groupware
