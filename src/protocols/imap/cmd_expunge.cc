// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.3, RFC 4315 section 2.1, RFC 7162 sections 3.2.7 and 3.2.9.
#include <fmt/format.h>

#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/expunge.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

// In slices, which bound what a commit holds.
constexpr std::size_t kExpungedAtOnce = 5'000;

// How many went.
Result<std::size_t> expunge_some(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                                 const wire::imap::Ranges* only) {
  std::vector<Uid> doomed;
  const auto change = [&](groupware::Transaction& transaction) -> Result<void> {
    TRY(const auto view, transaction.view(folder));
    doomed.clear();
    view->each(0, view->size(), [&](std::uint32_t, const groupware::Row& row) {
      const bool goes = (row.flag_bits & groupware::kDeleted) != 0;
      if (goes && (only == nullptr || wire::imap::contains(*only, row.uid.value))) doomed.push_back(row.uid);
      return doomed.size() < kExpungedAtOnce;
    });
    for (const Uid uid : doomed) TRY_VOID(transaction.remove(folder, uid));
    return {};
  };
  TRY_VOID(account.update(caller, change));
  return doomed.size();
}

}  // namespace

Task<Result<void>> expunge(Session& session, const Command& command, const wire::imap::Ranges* only) {
  const Selected& box = *session.selected();
  const auto present = box.account->folders()->find(box.folder);
  const std::uint64_t goal = present ? present->deleted : 0;  // about: of UID EXPUNGE it may be fewer
  std::uint64_t done = 0;
  while (true) {
    co_await session.progress(command, done, std::max(done, goal));
    CO_TRY(const auto gone, co_await net::blocking(session.workers(), [&] {
             return expunge_some(*box.account, session.caller(), box.folder, only);
           }));
    done += gone;
    if (gone < kExpungedAtOnce) co_return Result<void>();
  }
}

namespace {

// RFC 9738 section 3.1: of UID EXPUNGE, those that would go count.
std::optional<Uid> keep_highest_deleted(const Selected& box, std::uint32_t limit, wire::imap::Ranges& uids) {
  if (limit == 0) return std::nullopt;
  std::vector<std::uint32_t> doomed;
  box.view->each(0, box.view->size(), [&](std::uint32_t at, const groupware::Row& row) {
    const bool goes = (row.flag_bits & groupware::kDeleted) != 0 && wire::imap::contains(uids, row.uid.value);
    if (goes) doomed.push_back(at);
    return true;
  });
  const auto lowest = keep_highest(*box.view, limit, doomed);
  if (lowest) uids = uids_at(*box.view, doomed);
  return lowest;
}

}  // namespace

Task<Result<Reply>> cmd_expunge(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  const Selected& box = *session.selected();
  wire::imap::Ranges uids;
  if (command.by_uid) {
    in.space();
    uids = uids_in(box, in.sequence_set());
  }
  if (!in.finish()) co_return Reply::bad(in);
  if (box.read_only) co_return Reply::no("the folder was opened read-only", "NOPERM");
  std::optional<Uid> lowest;
  if (command.by_uid) lowest = keep_highest_deleted(box, session.options().message_limit, uids);
  CO_TRY_VOID(co_await expunge(session, command, command.by_uid ? &uids : nullptr));
  if (!session.knows_vanished()) co_return co_await with_limit(session, Reply::ok("EXPUNGE completed"), lowest);
  // RFC 7162 sections 3.2.7 and 3.2.9: up to where the client now knows all.
  co_await session.announce(Expunges::tell);
  const std::string code = fmt::format("HIGHESTMODSEQ {}", std::max<std::uint64_t>(box.view->modseq().value, 1));
  co_return co_await with_limit(session, Reply::ok("EXPUNGE completed", code), lowest);
}

}  // namespace kontor::imap
