// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 7: what the server tells of its own accord.
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <utility>

#include "protocols/imap/fetch_batch.h"
#include "protocols/imap/notifications.h"
#include "protocols/imap/session.h"
#include "protocols/imap/vanished.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using groupware::FolderView;

constexpr std::size_t kPiece = 64 << 10;

// The earlier view with what is new in `now`, but still with the rows that are gone.
std::shared_ptr<const FolderView> keep_gone_rows(const FolderView& before, const FolderView& now,
                                                 const FolderView::Difference& difference) {
  std::vector<FolderView::Put> puts;
  const std::uint32_t first_added = now.size() - difference.added;
  const auto put = [&](std::uint32_t at) { puts.push_back({now.at(at), now.flags(at).rare}); };
  for (const auto at : difference.changed) {
    if (at < first_added) put(at);
  }
  for (std::uint32_t at = first_added; at < now.size(); ++at) put(at);
  return before.with(puts, {}, before.modseq());
}

// Where the rows that changed or came in `now` stand in `shown`, ascending.
std::vector<std::uint32_t> touched_rows(const FolderView& shown, const FolderView& now,
                                        const FolderView::Difference& difference) {
  std::vector<std::uint32_t> rows;
  const auto add = [&](std::uint32_t at) {
    if (const auto place = shown.find(now.at(at).uid)) rows.push_back(*place);
  };
  const std::uint32_t first_added = now.size() - difference.added;
  for (const auto at : difference.changed)
    if (at < first_added) add(at);
  for (std::uint32_t at = first_added; at < now.size(); ++at) add(at);
  return rows;
}

// A folder that is gone looks like one that was emptied: the client keeps a session that makes sense (RFC 2180
// section 3.4).
Snapshot emptied() {
  Snapshot snapshot;
  snapshot.view = FolderView::Builder().finish(Modseq());
  return snapshot;
}

// The present state, and how it differs from what the client knows.
struct News {
  Snapshot now;
  FolderView::Difference difference;
  std::optional<Uid> first_recent;  // from it on messages are recent for this session
};

// What a command of this session left, if nobody changed the folder since.
std::optional<News> news_at_hand(Selected& box, const groupware::Folder* folder) {
  const auto ahead = std::exchange(box.ahead, std::nullopt);
  if (!ahead || folder == nullptr || ahead->now.view->modseq() != folder->highest || ahead->rows.added > 0)
    return std::nullopt;
  return News{ahead->now, ahead->rows, std::nullopt};
}

// Blocks: in one turn, since all who watch a folder come here at once.
Result<News> find_news(const Selected& box, const groupware::Caller& caller, bool claims_recent) {
  News news;
  auto found = look(*box.account, caller, box.folder);
  if (!found && found.error().code != Errc::not_found) return std::unexpected(found.error());
  news.now = found ? *std::move(found) : emptied();
  news.difference = news.now.view->since(*box.view);
  if (!claims_recent || news.difference.added == 0) return news;
  if (news.now.folder->first_recent == news.now.folder->next_uid) return news;  // another session has them
  if (const auto first = box.account->claim_recent(caller, box.folder)) news.first_recent = *first;
  return news;
}

}  // namespace

Task<void> Session::announce(Expunges expunges) {
  Selected& box = *selected_;
  if (may_lose_rights()) co_await renew_rights();
  const auto folder = box.is_lost ? nullptr : box.account->folders()->find(box.folder);
  if (folder ? folder->highest == box.view->modseq() : box.exists() == 0) co_return;
  News news;
  if (auto at_hand = news_at_hand(box, folder.get())) {
    news = *std::move(at_hand);
  } else if (folder) {
    const bool claims_recent = !box.read_only && !is_rev2_;
    auto found = co_await net::blocking(workers(), [&] { return find_news(box, caller_, claims_recent); });
    if (!found) co_return;
    news = *std::move(found);
  } else {
    news.now = emptied();
    news.difference = news.now.view->since(*box.view);
  }
  const Snapshot& now = news.now;
  const auto& difference = news.difference;
  const bool holds = expunges == Expunges::hold && !difference.removed.empty();
  const auto before = box.view;
  box.view = holds ? keep_gone_rows(*before, *now.view, difference) : now.view;

  std::string out;
  if (!holds) {
    for (auto& context : box.contexts) out += context.forget(*before, difference.removed);
  }
  if (!holds && (knows_vanished_ || is_uid_only_)) {
    out += print_vanished(uids_at(*before, difference.removed), false);
  } else if (!holds) {
    for (std::size_t i = 0; i < difference.removed.size(); ++i) {
      fmt::format_to(std::back_inserter(out), "* {} EXPUNGE\r\n", difference.removed[i] + 1 - i);
      if (out.size() < kPiece) continue;
      co_await write(out);
      out.clear();
    }
  }
  if (now.keywords) out += learn_keywords(now.keywords);
  if (difference.added > 0) {
    for (std::uint32_t at = box.exists() - difference.added; news.first_recent && at < box.exists(); ++at) {
      const Uid uid = box.view->at(at).uid;
      if (uid >= *news.first_recent) wire::imap::append(box.recent, uid.value);
    }
    fmt::format_to(std::back_inserter(out), "* {} EXISTS\r\n", box.exists());
    if (!is_rev2_) fmt::format_to(std::back_inserter(out), "* {} RECENT\r\n", box.recent_count());
  }
  // RFC 5465: whoever says what he wants to know of the selected folder is told no more.
  const auto* const wanted = notifications_ ? notifications_->selected() : nullptr;
  const bool tells_flags = wanted == nullptr || (wanted->events & wire::imap::notify_event::kFlagChange) != 0;
  for (const auto at : tells_flags ? difference.changed : std::vector<std::uint32_t>()) {
    const auto& row = now.view->at(at);
    if (at >= now.view->size() - difference.added) continue;
    if (row.modseq == box.own_change && wire::imap::contains(box.own_uids, row.uid.value)) continue;
    const std::uint32_t position = holds ? *box.view->find(row.uid) : at;
    append_fetch_start(out, box, position);
    if (!box.uid_only) fmt::format_to(std::back_inserter(out), "UID {} ", row.uid.value);
    out += "FLAGS ";
    append_flags(out, box, position);
    if (knows_modseq_) fmt::format_to(std::back_inserter(out), " MODSEQ ({})", row.modseq.value);
    out += ")\r\n";
    if (out.size() < kPiece) continue;
    co_await write(out);
    out.clear();
  }
  co_await write(out);
  out.clear();
  if (wanted != nullptr && wanted->fetch && difference.added > 0) {
    co_await tell_messages(*wanted->fetch, box.exists() - difference.added);
  }
  box.own_change = Modseq();
  box.own_uids.clear();
  if (!out.empty()) co_await write(out);
  if (!box.contexts.empty()) co_await announce_results(touched_rows(*box.view, *now.view, difference));
}

Task<void> Session::announce_results(std::vector<std::uint32_t> touched) {
  if (touched.empty()) co_return;
  const auto lines = co_await net::blocking(workers(), [&] { return renew_contexts(*selected_, caller_, touched); });
  if (lines && !lines->empty()) co_await write(*lines);
}

// RFC 5465 section 5.1: new messages with what the client wants to know of them. What cannot be read is left out.
Task<void> Session::tell_messages(wire::imap::FetchRequest request, std::uint32_t first) {
  for (auto& item : request.items) item.peek = true;
  std::vector<std::uint32_t> positions;
  for (std::uint32_t at = first; at < selected_->exists(); ++at) positions.push_back(at);
  FetchJob job = plan_fetch(std::move(request), std::move(positions));
  job.decodes_params = is_rev2_;
  for (std::size_t next = 0; next < job.positions.size();) {
    const auto batch = co_await net::blocking(
        workers(), [&] { return fetch_batch(*selected_->account, caller_, *selected_, job, next); });
    if (!batch) co_return;
    co_await write_batch(*this, *batch);
    next = batch->next;
  }
}

std::string Session::learn_keywords(const std::shared_ptr<const groupware::KeywordTable>& present) {
  Selected& box = *selected_;
  if (present->names().size() <= box.keywords->names().size()) return {};
  box.keywords = present;
  return "* FLAGS (" + print_known_flags(groupware::kAllFlags, *present) + ")\r\n";
}

Task<void> Session::enable_modseq() {
  if (knows_modseq_) co_return;
  knows_modseq_ = true;
  if (!selected_) co_return;
  const std::string line =
      fmt::format("* OK [HIGHESTMODSEQ {}] Modification sequences are on\r\n", selected_->view->modseq().value);
  co_await write(line);
}

}  // namespace kontor::imap
