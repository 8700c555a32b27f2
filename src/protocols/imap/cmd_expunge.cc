// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.3, RFC 4315 section 2.1, RFC 7162 sections 3.2.7 and 3.2.9.
#include <fmt/format.h>

#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/expunge.h"
#include "protocols/imap/session.h"

namespace kontor::imap {

Result<void> expunge(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                     const wire::imap::Ranges* only) {
  // In slices, which bound what a commit holds.
  constexpr std::size_t kPerUpdate = 5'000;
  std::vector<Uid> doomed;
  const auto change = [&](groupware::Transaction& transaction) -> Result<void> {
    TRY(const auto view, transaction.view(folder));
    doomed.clear();
    view->each(0, view->size(), [&](std::uint32_t, const groupware::Row& row) {
      const bool goes = (row.flag_bits & groupware::kDeleted) != 0;
      if (goes && (only == nullptr || wire::imap::contains(*only, row.uid.value))) doomed.push_back(row.uid);
      return doomed.size() < kPerUpdate;
    });
    for (const Uid uid : doomed) TRY_VOID(transaction.remove(folder, uid));
    return {};
  };
  do {
    TRY_VOID(account.update(caller, change));
  } while (doomed.size() == kPerUpdate);
  return {};
}

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
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&] {
    return expunge(*box.account, session.caller(), box.folder, command.by_uid ? &uids : nullptr);
  }));
  if (!session.knows_vanished()) co_return Reply::ok("EXPUNGE completed");
  // RFC 7162 sections 3.2.7 and 3.2.9: up to where the client now knows all.
  co_await session.announce(Expunges::tell);
  co_return Reply::ok("EXPUNGE completed",
                      fmt::format("HIGHESTMODSEQ {}", std::max<std::uint64_t>(box.view->modseq().value, 1)));
}

}  // namespace kontor::imap
