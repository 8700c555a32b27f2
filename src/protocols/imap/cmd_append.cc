// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.3.11, RFC 3502, RFC 4315 section 3 (APPENDUID), RFC 8508 (REPLACE): all messages of a command in
// one change of the account, or none.
#include <fmt/format.h>

#include "base/log.h"
#include "protocols/imap/append_reader.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/message_limit.h"

namespace kontor::imap {
namespace {

constexpr std::size_t kMostMessages = 1000;

struct Appended {
  UidValidity uid_validity;
  wire::imap::Ranges uids;
};

Result<Appended> add_all(groupware::Transaction& transaction, const Appending& appending) {
  Appended done;
  for (const auto& item : appending.items) {
    TRY(const auto added, transaction.add(appending.folder, item));
    done.uid_validity = added.uid_validity;
    wire::imap::append(done.uids, added.uid.value);
  }
  return done;
}

std::string appenduid(const Appended& done) {
  return fmt::format("APPENDUID {} {}", done.uid_validity.value, wire::imap::print(done.uids));
}

// \Deleted first: who may not set it may not replace either.
Result<void> remove_replaced(groupware::Transaction& transaction, FolderId folder, Uid uid) {
  groupware::FlagChange deleted{groupware::FlagChange::Mode::add, {groupware::kDeleted, {}}};
  TRY_VOID(transaction.change_flags(folder, uid, deleted));
  return transaction.remove(folder, uid);
}

// What is not one account cannot be changed at once: the new message comes
// first, and goes again if the old one cannot.
Result<void> replace_across(const Session& session, const Appending& appending, const Selected& box, Uid replaced,
                            Appended& done) {
  TRY_VOID(appending.account->update(session.caller(), [&](groupware::Transaction& transaction) -> Result<void> {
    TRY(done, add_all(transaction, appending));
    return {};
  }));
  const auto removed = box.account->update(session.caller(), [&](groupware::Transaction& transaction) {
    return remove_replaced(transaction, box.folder, replaced);
  });
  if (removed) return {};
  const auto gone = appending.account->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) {
    for (const auto& range : done.uids) (void)transaction.remove(appending.folder, Uid(range.first));
    return Result<void>();
  });
  if (!gone)
    log::error("imap.replace_not_undone", {{"account", appending.account->id().value}, {"error", gone.error().text}});
  return std::unexpected(removed.error());
}

// The position of the one message that REPLACE names; nothing if there is none.
std::optional<std::uint32_t> replaced(const Selected& box, const std::string& name, bool by_uid) {
  const auto set = wire::imap::SequenceSet::parse(name);
  if (!set) return std::nullopt;
  const auto found = positions(box, *set, by_uid);
  if (!found || found->size() != 1) return std::nullopt;
  return found->front();
}

}  // namespace

Task<Result<Reply>> cmd_append(Session& session, Command& command) {
  AppendReader reader(session, command);
  const std::uint32_t limit = save_limit(session.options());
  auto appending = co_await reader.read(limit > 0 ? limit : kMostMessages);
  if (!appending) co_return appending.error();
  Appended done;
  const auto file = [&](groupware::Transaction& transaction) -> Result<void> {
    TRY(done, add_all(transaction, *appending));
    return {};
  };
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&]() -> Result<void> {
    TRY_VOID(appending->stage_waiting(session.services().accounts));
    TRY_VOID(appending->account->update(session.caller(), file));
    return {};
  }));
  co_return Reply::ok("APPEND completed", appenduid(done));
}

Task<Result<Reply>> cmd_replace(Session& session, Command& command) {
  AppendReader reader(session, command);
  auto& in = reader.in();
  in.space();
  const std::string number(in.rest().substr(0, in.rest().find_first_not_of("0123456789*")));
  in.skip(number.size());
  const Selected& box = *session.selected();
  const auto position = replaced(box, number, command.by_uid);
  if (in.failed() || number.empty()) co_return co_await reader.give_up(Reply::bad("expected the number of a message"));
  if (!position && !command.by_uid) co_return co_await reader.give_up(Reply::bad("there is no message of that number"));
  if (!position) co_return co_await reader.give_up(Reply::no("there is no such message", "NONEXISTENT"));
  if (box.read_only) co_return co_await reader.give_up(Reply::no("the folder was opened read-only", "NOPERM"));
  const auto row = box.view->at(*position);
  auto appending = co_await reader.read(1, row.size);
  if (!appending) co_return appending.error();
  Appended done;
  const auto change = [&](groupware::Transaction& transaction) -> Result<void> {
    TRY_VOID(remove_replaced(transaction, box.folder, row.uid));
    TRY(done, add_all(transaction, *appending));
    return {};
  };
  const auto changed = co_await net::blocking(session.workers(), [&]() -> Result<void> {
    TRY_VOID(appending->stage_waiting(session.services().accounts));
    if (appending->account != box.account) return replace_across(session, *appending, box, row.uid, done);
    TRY_VOID(box.account->update(session.caller(), change));
    return {};
  });
  if (!changed && changed.error().code == Errc::not_found) co_return Reply::no("the message is gone", "EXPUNGEISSUED");
  if (!changed) co_return std::unexpected(changed.error());
  // RFC 8508 section 3.5: before the EXPUNGE.
  const std::string line = "* OK [" + appenduid(done) + "] the message is replaced\r\n";
  co_await session.write(line);
  co_return Reply::ok("REPLACE completed");
}

}  // namespace kontor::imap
