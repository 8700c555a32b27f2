// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 sections 6.3.3 to 6.3.7, RFC 6154 section 3, RFC 8474 section 4.1: making, removing, renaming and
// subscribing folders.
#include "protocols/imap/commands.h"
#include "protocols/imap/listing.h"
#include "protocols/imap/names.h"
#include "protocols/imap/object_id.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

using groupware::FolderRole;
using groupware::Transaction;
using wire::imap::Cursor;

Reply bad_name() { return Reply::no("this cannot be the name of a folder", "CANNOT"); }

std::string_view last_segment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The folder above `path`, made with all that is missing above it; 0 for the root.
Result<FolderId> make_superiors(Transaction& transaction, std::string_view path) {
  FolderId parent;
  while (true) {
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) return parent;
    const auto name = path.substr(0, slash);
    if (const auto there = transaction.folders()->child(parent, name)) {
      parent = there->id;
    } else {
      Transaction::NewFolder folder;
      folder.parent = parent;
      folder.name = name;
      folder.subscribed = false;
      TRY(parent, transaction.create_folder(folder));
    }
    path.remove_prefix(slash + 1);
  }
}

bool is_other_subscription(const Transaction& transaction, const std::string& path) {
  for (const auto& other : transaction.other_subscriptions()) {
    if (other == path) return true;
  }
  return false;
}

// A folder that was only the place of others becomes selectable; any other that exists is an error.
Result<FolderId> create_folder(Transaction& transaction, const std::string& path, FolderRole role = FolderRole::none) {
  if (const auto there = transaction.folders()->at_path(path)) {
    if (!there->is_container || !shows(transaction, *there))
      return fail(Errc::exists, "there is such a folder already");
    Transaction::FolderChange change;
    change.is_container = false;
    if (role != FolderRole::none) change.role = role;
    TRY_VOID(transaction.change_folder(there->id, change));
    return there->id;
  }
  Transaction::NewFolder folder;
  folder.role = role;
  TRY(folder.parent, make_superiors(transaction, path));
  folder.name = last_segment(path);
  folder.subscribed = is_other_subscription(transaction, path);
  if (folder.subscribed) TRY_VOID(transaction.subscribe_other(path, false));
  return transaction.create_folder(folder);
}

// The subscription outlives the folder (RFC 3501 section 6.3.6), unless its name is too long to be kept by itself.
Result<void> delete_folder(Transaction& transaction, const std::string& path) {
  TRY(const auto folder, find_folder(transaction, path));
  if (folder->is_container && !transaction.folders()->children(folder->id).empty()) {
    return fail(Errc::exists, "there are folders in it");
  }
  const bool was_subscribed = folder->subscribed;
  TRY_VOID(transaction.remove_folder(folder->id));
  const auto left = transaction.folders()->at_path(path);
  if (!was_subscribed || left) return {};
  const auto kept = transaction.subscribe_other(path, true);
  return kept || kept.error().code == Errc::invalid ? Result<void>() : kept;
}

// RFC 3501 section 6.3.5: renaming the inbox moves its messages to a new folder and leaves it empty.
Result<void> move_inbox(Transaction& transaction, const groupware::Folder& inbox, const std::string& to) {
  TRY(const FolderId target, create_folder(transaction, to));
  TRY(const auto view, transaction.view(inbox.id));
  for (std::uint32_t at = 0; at < view->size(); ++at) {
    TRY_VOID(transaction.move(inbox.id, view->at(at).uid, target));
  }
  return {};
}

Result<void> rename_folder(Transaction& transaction, const std::string& from, const std::string& to) {
  TRY(const auto folder, find_folder(transaction, from));
  if (transaction.folders()->at_path(to)) return fail(Errc::exists, "there is a folder of the new name");
  if (is_inbox(from)) return move_inbox(transaction, *folder, to);
  if (to.starts_with(from + "/")) return fail(Errc::invalid, "a folder cannot be moved into itself");
  TRY(const auto parent, make_superiors(transaction, to));
  return transaction.rename_folder(folder->id, parent, std::string(last_segment(to)));
}

Result<void> change_subscription(Transaction& transaction, const std::string& path, bool subscribed) {
  if (const auto folder = find_folder(transaction, path)) {
    if ((*folder)->subscribed == subscribed) return {};
    Transaction::FolderChange change;
    change.subscribed = subscribed;
    return transaction.change_folder((*folder)->id, change);
  }
  if (subscribed) return fail(Errc::not_found, "there is no such folder");
  return transaction.subscribe_other(path, false);
}

Result<void> subscribe(Transaction& transaction, const std::string& path) {
  return change_subscription(transaction, path, true);
}

Result<void> unsubscribe(Transaction& transaction, const std::string& path) {
  return change_subscription(transaction, path, false);
}

// Runs `change(transaction, path)` on the account that `name` leads into.
template <class Change>
Task<Result<Reply>> change_account(Session& session, Command& command, std::string name, Change change) {
  CO_TRY(const auto mailbox, co_await session.mailbox(std::move(name)));
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&] {
    return mailbox.account->update(session.caller(),
                                   [&](Transaction& transaction) { return change(transaction, mailbox.path); });
  }));
  co_return Reply::ok(std::string(command.row->name) + " completed");
}

// Subscriptions to the folders of others are the session's own.
Task<Result<Reply>> change_subscriptions(Session& session, Command& command, std::string name, bool subscribed) {
  CO_TRY(const auto mailbox, co_await session.mailbox(name));
  if (mailbox.is_own()) {
    co_return co_await change_account(session, command, std::move(name), subscribed ? subscribe : unsubscribe);
  }
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&]() -> Result<void> {
    if (subscribed) {
      TRY(const auto reader, mailbox.account->read(session.caller()));
      TRY_VOID(find_folder(*reader, mailbox.path));
    }
    TRY_VOID(session.account().update(session.caller(), [&](Transaction& transaction) {
      return transaction.subscribe_other(mailbox.name(), subscribed);
    }));
    return {};
  }));
  co_return Reply::ok(std::string(command.row->name) + " completed");
}

// The one argument of a command; nothing: `refusal` says why.
std::optional<std::string> only_path(const Session& session, Command& command, Reply& refusal) {
  Cursor in(command.args());
  in.space();
  const auto path = path_from_wire(in.astring(), session.name_form());
  refusal = in.finish() ? bad_name() : Reply::bad(in);
  return in.failed() ? std::nullopt : path;
}

// "(USE (\Drafts))": RFC 6154 section 3.
std::vector<std::string> parse_uses(Cursor& in) {
  std::vector<std::string> uses;
  if (!in.take(' ')) return uses;
  in.expect('(');
  if (!in.take_word("USE")) in.fail("there is no such CREATE parameter");
  in.space();
  in.expect('(');
  if (!in.take(')')) {
    do {
      in.expect('\\');
      uses.push_back("\\" + std::string(in.atom()));
    } while (in.take(' ') && uses.size() < 20);
    in.expect(')');
  }
  in.expect(')');
  return uses;
}

Reply bad_use(std::string_view why) { return Reply::no(std::string(why), "USEATTR"); }

}  // namespace

Task<Result<Reply>> cmd_create(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const auto path = path_from_wire(in.astring(), session.name_form());
  const auto uses = parse_uses(in);
  if (!in.finish()) co_return Reply::bad(in);
  if (!path) co_return bad_name();
  FolderRole role = FolderRole::none;
  if (!uses.empty()) {
    const auto named = role_of_special_use(uses.front());
    if (uses.size() > 1 || !named) co_return bad_use("a folder cannot be made for that use");
    role = *named;
  }
  CO_TRY(const auto mailbox, co_await session.mailbox(*path));
  FolderId made;
  bool is_used = false;
  const auto change = [&](Transaction& transaction) -> Result<void> {
    is_used = role != FolderRole::none && transaction.folders()->by_role(role) != nullptr;
    if (is_used) return fail(Errc::exists, "another folder has that use");
    TRY(made, create_folder(transaction, mailbox.path, role));
    return {};
  };
  const auto done =
      co_await net::blocking(session.workers(), [&] { return mailbox.account->update(session.caller(), change); });
  if (!done && is_used) co_return bad_use(done.error().text);
  if (!done) co_return std::unexpected(done.error());
  co_return Reply::ok("CREATE completed", "MAILBOXID (" + mailbox_id(mailbox.account->id(), made) + ")");
}

Task<Result<Reply>> cmd_delete(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(session, command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_account(session, command, *path, delete_folder);
}

Task<Result<Reply>> cmd_rename(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const auto from = path_from_wire(in.astring(), session.name_form());
  in.space();
  const auto to = path_from_wire(in.astring(), session.name_form());
  if (!in.finish()) co_return Reply::bad(in);
  if (!from) co_return Reply::no("there is no such folder", "NONEXISTENT");
  if (!to) co_return bad_name();
  CO_TRY(const auto target, co_await session.mailbox(*to));
  CO_TRY(const auto source, co_await session.mailbox(*from));
  if (target.account != source.account) co_return Reply::no("folders stay in their mailbox", "CANNOT");
  const auto change = [&](Transaction& transaction, const std::string& path) {
    return rename_folder(transaction, path, target.path);
  };
  CO_TRY(auto reply, co_await change_account(session, command, *from, change));
  if (session.is_rev2()) {  // RFC 9051 section 6.3.6
    std::string line = "* LIST () \"/\" ";
    append_name(line, target.name(), session.name_form());
    line += " (\"OLDNAME\" (";
    append_name(line, source.name(), session.name_form());
    line += "))\r\n";
    co_await session.write(line);
  }
  co_return std::move(reply);
}

Task<Result<Reply>> cmd_subscribe(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(session, command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_subscriptions(session, command, *path, true);
}

Task<Result<Reply>> cmd_unsubscribe(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(session, command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_subscriptions(session, command, *path, false);
}

}  // namespace kontor::imap
