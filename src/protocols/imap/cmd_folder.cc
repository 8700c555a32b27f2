// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 sections 6.3.3 to 6.3.7: making, removing, renaming and subscribing folders.
#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

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
Result<void> create_folder(Transaction& transaction, const std::string& path) {
  if (const auto there = transaction.folders()->at_path(path)) {
    if (!there->is_container || !shows(transaction, *there))
      return fail(Errc::exists, "there is such a folder already");
    Transaction::FolderChange change;
    change.is_container = false;
    return transaction.change_folder(there->id, change);
  }
  Transaction::NewFolder folder;
  TRY(folder.parent, make_superiors(transaction, path));
  folder.name = last_segment(path);
  folder.subscribed = is_other_subscription(transaction, path);
  if (folder.subscribed) TRY_VOID(transaction.subscribe_other(path, false));
  TRY_VOID(transaction.create_folder(folder));
  return {};
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
  TRY_VOID(create_folder(transaction, to));
  TRY(const auto target, find_folder(transaction, to));
  TRY(const auto view, transaction.view(inbox.id));
  for (std::uint32_t at = 0; at < view->size(); ++at) {
    TRY_VOID(transaction.move(inbox.id, view->at(at).uid, target->id));
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

// The one argument of a command; nothing: `refusal` says why.
std::optional<std::string> only_path(Command& command, Reply& refusal) {
  Cursor in(command.args());
  in.space();
  const auto path = path_from_wire(in.astring());
  refusal = in.finish() ? bad_name() : Reply::bad(in);
  return in.failed() ? std::nullopt : path;
}

}  // namespace

Task<Result<Reply>> cmd_create(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_account(session, command, *path, create_folder);
}

Task<Result<Reply>> cmd_delete(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_account(session, command, *path, delete_folder);
}

Task<Result<Reply>> cmd_rename(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const auto from = path_from_wire(in.astring());
  in.space();
  const auto to = path_from_wire(in.astring());
  if (!in.finish()) co_return Reply::bad(in);
  if (!from) co_return Reply::no("there is no such folder", "NONEXISTENT");
  if (!to) co_return bad_name();
  CO_TRY(const auto target, co_await session.mailbox(*to));
  CO_TRY(const auto source, co_await session.mailbox(*from));
  if (target.account != source.account) co_return Reply::no("folders stay in their mailbox", "CANNOT");
  const auto change = [&](Transaction& transaction, const std::string& path) {
    return rename_folder(transaction, path, target.path);
  };
  co_return co_await change_account(session, command, *from, change);
}

Task<Result<Reply>> cmd_subscribe(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_account(session, command, *path, subscribe);
}

Task<Result<Reply>> cmd_unsubscribe(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto path = only_path(command, refusal);
  if (!path) co_return refusal;
  co_return co_await change_account(session, command, *path, unsubscribe);
}

}  // namespace kontor::imap
