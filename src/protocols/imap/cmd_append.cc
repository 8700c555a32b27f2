// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.3.11, RFC 4315 section 3 (APPENDUID). The message goes from the wire into the core's stager in
// bounded pieces; nothing is filed before all of it came.
#include <fmt/format.h>

#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

using groupware::NewItem;

constexpr std::size_t kAppendPiece = 64 << 10;

struct AppendArguments {
  std::string folder;
  wire::imap::FlagList flags;
  std::optional<InternalDate> date;
};

AppendArguments parse_append(wire::imap::Cursor& in) {
  AppendArguments arguments;
  in.space();
  arguments.folder = in.astring();
  in.space();
  if (in.peek() == '(') {
    arguments.flags = in.flag_list();
    in.space();
  }
  if (in.peek() == '"') {
    arguments.date = in.date_time();
    in.space();
  }
  in.finish();
  return arguments;
}

// Whether the message may be taken, before a byte of it is read: a client on a slow line is told at once.
Result<FolderId> check_target(groupware::Account& account, const groupware::Caller& caller, const std::string& path,
                              std::uint64_t size) {
  TRY(const auto reader, account.read(caller));
  TRY(const auto folder, find_folder(*reader, path));
  if (folder->is_container) return fail(Errc::invalid, "this folder holds folders only");
  if ((reader->rights(folder->id) & groupware::right::kInsert) == 0) return fail(Errc::denied, "you may not add to it");
  const auto usage = reader->usage();
  if (usage.limit != 0 && usage.bytes + size > usage.limit) return fail(Errc::over_quota, "the mailbox is full");
  return folder->id;
}

struct AppendTarget {
  std::shared_ptr<groupware::Account> account;
  FolderId folder;
};

// Errors: as check_target, and those of Session::mailbox.
Task<Result<AppendTarget>> find_target(Session& session, std::string path, std::uint64_t size) {
  CO_TRY(const auto mailbox, co_await session.mailbox(std::move(path)));
  CO_TRY(const FolderId folder, co_await net::blocking(session.workers(), [&] {
           return check_target(*mailbox.account, session.caller(), mailbox.path, size);
         }));
  co_return AppendTarget{mailbox.account, folder};
}

// What the literal alone tells. RFC 3501 section 6.3.11: a message of no bytes gives the command up.
std::optional<Reply> refuse_size(Session& session, const wire::imap::LiteralMark& mark) {
  if (mark.binary) return Reply::bad("literal8 is not taken here");
  if (mark.size == 0) return Reply::no("an empty message was given up", "CANNOT");
  if (mark.size > session.services().accounts.options().largest_item)
    return Reply::no("the message is too large", "LIMIT");
  return std::nullopt;
}

Task<Result<Reply>> refuse(Session& session, const wire::imap::LiteralMark& mark, Reply reply) {
  const bool drained = co_await session.drain(mark);
  if (!drained) {
    co_await session.bye("the literal is too large");
    co_return Reply{Reply::Kind::none, {}, {}};
  }
  co_return reply;
}

// Reads the message into the stager. On an error of the stager the rest of the literal is still read.
Task<Result<groupware::StagedContent>> take_message(Session& session, TenantId tenant, std::uint64_t size) {
  const auto stager = session.services().accounts.stage(tenant);
  std::string gathered;
  Result<void> taken;
  for (std::uint64_t left = size; left > 0;) {
    const auto piece =
        co_await session.io().read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(left, kAppendPiece)));
    left -= piece.size();
    if (!taken) continue;
    gathered += piece;
    if (gathered.size() < kAppendPiece && left > 0) continue;
    taken = co_await net::blocking(session.workers(), [&] { return stager->write(gathered); });
    gathered.clear();
  }
  if (!taken) co_return std::unexpected(taken.error());
  co_return co_await net::blocking(session.workers(), [&] { return stager->finish(); });
}

}  // namespace

Task<Result<Reply>> cmd_append(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  const auto arguments = parse_append(in);
  if (!command.pending) co_return Reply::bad("the message is missing");
  const auto mark = *command.pending;
  if (in.failed()) co_return co_await refuse(session, mark, Reply::bad(in));
  if (auto refusal = refuse_size(session, mark)) co_return co_await refuse(session, mark, *std::move(refusal));
  const auto path = path_from_wire(arguments.folder);
  if (!path) co_return co_await refuse(session, mark, Reply::no("there cannot be such a folder", "CANNOT"));
  const auto target = co_await find_target(session, *path, mark.size);
  if (!target) {
    const bool is_missing = target.error().code == Errc::not_found;
    co_return co_await refuse(
        session, mark, is_missing ? Reply::no("create the folder first", "TRYCREATE") : reply_to(target.error()));
  }
  if (mark.synchronising) co_await session.ask("send the message");
  auto staged = co_await take_message(session, target->account->tenant(), mark.size);
  const auto end_of_line = co_await session.io().read_line(1000);
  if (!end_of_line) {
    co_await session.bye("the command does not end");
    co_return Reply{Reply::Kind::none, {}, {}};
  }
  if (!end_of_line->empty()) {
    const auto rest = wire::imap::trailing_literal(*end_of_line).value_or(wire::imap::LiteralMark());
    co_return co_await refuse(session, rest, Reply::bad("one message at a time"));
  }
  CO_TRY(auto content, std::move(staged));
  NewItem item;
  item.content = std::move(content);
  item.flags = flag_names(arguments.flags.system, arguments.flags.keywords);
  item.internal_date = arguments.date;
  groupware::Added added;
  const auto file = [&](groupware::Transaction& transaction) -> Result<void> {
    TRY(added, transaction.add(target->folder, item));
    return {};
  };
  CO_TRY_VOID(
      co_await net::blocking(session.workers(), [&] { return target->account->update(session.caller(), file); }));
  co_return Reply::ok("APPEND completed", fmt::format("APPENDUID {} {}", added.uid_validity.value, added.uid.value));
}

}  // namespace kontor::imap
