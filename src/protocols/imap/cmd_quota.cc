// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 9208: QUOTA with the resources STORAGE and MESSAGE. Each account is one quota root, named by its owner's address.
#include <fmt/format.h>

#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;

constexpr std::uint64_t kUnit = 1024;  // RFC 9208 section 5.1

struct QuotaRoot {
  directory::Principal owner;
  groupware::Usage usage;
};

// Blocks. Errors: not_found, unavailable.
Result<QuotaRoot> quota_root(const Session& session, groupware::Account& account) {
  QuotaRoot root;
  TRY(root.owner, session.services().directory.by_account(account.id()));
  TRY(const auto reader, account.read(session.caller()));
  root.usage = reader->usage();
  return root;
}

// The root of that name, among those whose folders show to the session. Blocks. Errors: not_found.
Result<std::shared_ptr<groupware::Account>> account_of_root(const Session& session, const std::string& name) {
  const auto owner = session.services().directory.by_address(name);
  TRY(const auto roots, session.mailboxes().roots());
  for (const auto& root : roots) {
    if (owner && root.account->id() == owner->account()) return root.account;
  }
  return fail(Errc::not_found, "there is no such quota root");
}

// Resources without a limit are not listed.
std::string quota_line(const QuotaRoot& root) {
  std::string line = "* QUOTA ";
  wire::imap::append_astring(line, root.owner.primary_address());
  std::string resources;
  const auto add = [&](std::string_view name, std::uint64_t used, std::uint64_t limit) {
    if (limit > 0) resources += fmt::format("{}{} {} {}", resources.empty() ? "" : " ", name, used, limit);
  };
  add("STORAGE", (root.usage.bytes + kUnit - 1) / kUnit, root.usage.limit / kUnit);
  add("MESSAGE", root.usage.items, root.usage.item_limit);
  return line + " (" + resources + ")\r\n";
}

struct WantedLimits {
  std::optional<std::uint64_t> storage, messages;  // absent = no limit
  bool has_unknown = false;
};

WantedLimits parse_limits(Cursor& in) {
  WantedLimits limits;
  in.space();
  in.expect('(');
  if (in.take(')')) return limits;
  do {
    if (in.take_word("STORAGE")) {
      in.space();
      limits.storage = in.number64();
    } else if (in.take_word("MESSAGE")) {
      in.space();
      limits.messages = in.number64();
    } else {
      limits.has_unknown = true;
      in.atom();
      in.space();
      in.number64();
    }
  } while (in.take(' '));
  in.expect(')');
  return limits;
}

// Who may set limits is said by his role, not by his rights in a mailbox.
bool may_set(const Session& session, const directory::Principal& owner) {
  const auto caller = session.services().directory.principal(session.caller().principal);
  if (!caller) return false;
  const auto has = [&](directory::Role role) {
    return std::find(caller->roles.begin(), caller->roles.end(), role) != caller->roles.end();
  };
  return has(directory::Role::server_admin) || (has(directory::Role::tenant_admin) && caller->tenant == owner.tenant);
}

}  // namespace

Task<Result<Reply>> cmd_getquota(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const std::string name = in.astring();
  if (!in.finish()) co_return Reply::bad(in);
  CO_TRY(const auto line, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
           TRY(const auto account, account_of_root(session, name));
           TRY(const auto root, quota_root(session, *account));
           return quota_line(root);
         }));
  co_await session.write(line);
  co_return Reply::ok("GETQUOTA completed");
}

Task<Result<Reply>> cmd_getquotaroot(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const auto path = path_from_wire(in.astring(), session.name_form());
  if (!in.finish()) co_return Reply::bad(in);
  if (!path) co_return Reply::no("there is no such folder", "NONEXISTENT");
  CO_TRY(const auto mailbox, co_await session.mailbox(*path));
  CO_TRY(const auto lines, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
           {
             TRY(const auto reader, mailbox.account->read(session.caller()));
             TRY_VOID(find_folder(*reader, mailbox.path));
           }
           TRY(const auto root, quota_root(session, *mailbox.account));
           std::string out = "* QUOTAROOT ";
           append_name(out, mailbox.name(), session.name_form());
           out.push_back(' ');
           wire::imap::append_astring(out, root.owner.primary_address());
           return out + "\r\n" + quota_line(root);
         }));
  co_await session.write(lines);
  co_return Reply::ok("GETQUOTAROOT completed");
}

Task<Result<Reply>> cmd_setquota(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const std::string name = in.astring();
  const auto limits = parse_limits(in);
  if (!in.finish()) co_return Reply::bad(in);
  if (limits.has_unknown) co_return Reply::no("only STORAGE and MESSAGE can be limited", "CANNOT");
  // 0 is the directory's word for no limit at all, and nobody wants an account without any room.
  const bool has_no_room = limits.storage == 0 || limits.messages == 0;
  if (has_no_room || limits.storage.value_or(1) > ~std::uint64_t{0} / kUnit)
    co_return Reply::no("no such limit can be set", "CANNOT");
  CO_TRY(const auto line, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
           QuotaRoot root;
           auto owner = session.services().directory.by_address(name);
           if (!owner || !may_set(session, *owner)) return fail(Errc::denied, "you may not set limits there");
           root.owner = *std::move(owner);
           root.owner.quota = limits.storage.value_or(0) * kUnit;
           root.owner.quota_messages = limits.messages.value_or(0);
           TRY_VOID(session.services().directory.update_principal(root.owner));
           TRY(const auto account, session.services().accounts.open(root.owner.account()));
           TRY(const auto reader, account->read(groupware::Caller::system()));
           root.usage = reader->usage();
           return quota_line(root);
         }));
  co_await session.write(line);
  co_return Reply::ok("SETQUOTA completed");
}

}  // namespace kontor::imap
