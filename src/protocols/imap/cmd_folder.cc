// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 sections 6.3.3 to 6.3.7, RFC 6154 section 3, RFC 8474 section 4.1: making, removing, renaming and
// subscribing folders.
#include "groupware/bulk.h"
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

// What one may not know of is refused like any other place that one may not make folders in (RFC 4314 section 6).
std::unexpected<Error> not_allowed_there() { return fail(Errc::denied, "you may not make a folder of that name"); }

// The names of other people's folders are not for one's own, except where there are such from before.
Result<void> check_name_is_free(const Transaction& transaction, const Mailbox& mailbox) {
  const bool is_taken = mailbox.is_own() && is_reserved(mailbox.path) &&
                        !transaction.folders()->at_path(mailbox.path.substr(0, mailbox.path.find('/')));
  return is_taken ? fail(Errc::invalid, "this name is for the folders of others") : Result<void>();
}

// A new folder in somebody else's account. One that is left only as the place of others comes to life again.
Result<FolderId> create_elsewhere(Transaction& transaction, const std::string& path, FolderRole role) {
  const auto there = transaction.folders()->at_path(path);
  if (there && !shows(transaction, *there)) return not_allowed_there();
  if (there && !there->is_container) return fail(Errc::exists, "there is such a folder already");
  Transaction::NewFolder folder;
  folder.role = role;
  const auto parent = make_superiors(transaction, path);
  if (!parent && parent.error().code == Errc::not_found) return not_allowed_there();
  if (!parent) return std::unexpected(parent.error());
  folder.parent = *parent;
  folder.name = last_segment(path);
  auto made = transaction.create_folder(folder);
  if (!made && made.error().code == Errc::not_found) return not_allowed_there();
  return made;
}

// A folder that was only the place of others becomes selectable; any other that exists is an error.
Result<FolderId> create_own(Transaction& transaction, const std::string& path, FolderRole role) {
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

Result<FolderId> create_folder(Transaction& transaction, const Mailbox& mailbox, FolderRole role = FolderRole::none) {
  TRY_VOID(check_name_is_free(transaction, mailbox));
  return mailbox.is_own() ? create_own(transaction, mailbox.path, role)
                          : create_elsewhere(transaction, mailbox.path, role);
}

// The subscription outlives the folder (RFC 3501 section 6.3.6), unless its name is too long to be kept by itself.
// Subscriptions to folders of others are their subscribers' alone.
Result<void> delete_folder(Transaction& transaction, const Mailbox& mailbox, bool& has_children) {
  const std::string& path = mailbox.path;
  TRY(const auto folder, find_folder(transaction, path));
  has_children = folder->is_container && !transaction.folders()->children(folder->id).empty();
  if (has_children) return fail(Errc::exists, "there are folders in it");
  const bool was_subscribed = mailbox.is_own() && folder->subscribed;
  TRY_VOID(transaction.remove_folder(folder->id));
  const auto left = transaction.folders()->at_path(path);
  if (!was_subscribed || left) return {};
  const auto kept = transaction.subscribe_other(path, true);
  return kept || kept.error().code == Errc::invalid ? Result<void>() : kept;
}

// RFC 3501 section 6.3.5: renaming the inbox moves its messages to a new folder and leaves it empty. In slices: what an
// error or a crash leaves in the inbox can be moved by hand.
Result<void> move_inbox(groupware::Account& account, const groupware::Caller& caller, FolderId target) {
  groupware::BulkCopy job;
  {
    TRY(const auto reader, account.read(caller));
    job.from = reader->folders()->by_role(FolderRole::inbox)->id;
    TRY(const auto view, reader->view(job.from));
    for (std::uint32_t at = 0; at < view->size(); ++at) job.uids.push_back(view->at(at).uid);
  }
  job.mode = groupware::CopyMode::move;
  job.passes_over_missing = true;
  job.target = [&](const Transaction&) -> Result<FolderId> { return target; };
  groupware::BulkCopied done;
  return copy_messages(account, caller, job, done);
}

// `made`: the folder that the inbox's messages are to go to.
Result<void> rename_folder(Transaction& transaction, const Mailbox& from, const Mailbox& to, FolderId& made) {
  TRY(const auto folder, find_folder(transaction, from.path));
  if (const auto there = transaction.folders()->at_path(to.path)) {
    if (!shows(transaction, *there)) return not_allowed_there();
    return fail(Errc::exists, "there is a folder of the new name");
  }
  TRY_VOID(check_name_is_free(transaction, to));
  if (is_inbox(from.path)) {
    TRY(made, create_folder(transaction, to));
    return {};
  }
  if (to.path.starts_with(from.path + "/")) return fail(Errc::invalid, "a folder cannot be moved into itself");
  const auto parent = make_superiors(transaction, to.path);
  if (!parent && parent.error().code == Errc::not_found) return not_allowed_there();
  if (!parent) return std::unexpected(parent.error());
  return transaction.rename_folder(folder->id, *parent, std::string(last_segment(to.path)));
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

// Runs `change(transaction, mailbox)` on the account that `name` leads into.
template <class Change>
Task<Result<Reply>> change_account(Session& session, Command& command, std::string name, Change change) {
  CO_TRY(const auto mailbox, co_await session.mailbox(std::move(name)));
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&] {
    return mailbox.account->update(session.caller(),
                                   [&](Transaction& transaction) { return change(transaction, mailbox); });
  }));
  co_return Reply::ok(std::string(command.row->name) + " completed");
}

// Subscriptions to the folders of others are kept in the session's own account, by name. A folder of a shared mailbox
// shows to its members without one; then it is the refusal that is kept.
Result<void> change_elsewhere(Transaction& own, const groupware::Caller& caller, const Mailbox& mailbox,
                              bool subscribed) {
  TRY(const auto reader, mailbox.account->read(caller));
  const auto folder = find_folder(*reader, mailbox.path);
  if (!folder && subscribed) return std::unexpected(folder.error());
  const bool shows_anyway = folder && mailbox.is_member && (*folder)->subscribed;
  if (shows_anyway && !subscribed) return own.refuse_subscription(mailbox.name());
  return own.subscribe_other(mailbox.name(), subscribed && !shows_anyway);
}

Task<Result<Reply>> change_subscriptions(Session& session, Command& command, std::string name, bool subscribed) {
  const auto mailbox = co_await session.mailbox(name);
  // UNSUBSCRIBE needs no right, and works when there is nothing any more (RFC 4314 section 4).
  const bool is_gone = !mailbox && mailbox.error().code == Errc::not_found && !subscribed;
  if (!mailbox && !is_gone) co_return std::unexpected(mailbox.error());
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&] {
    return session.account().update(session.caller(), [&](Transaction& transaction) {
      if (is_gone) return transaction.subscribe_other(name, false);
      if (mailbox->is_own()) return change_subscription(transaction, mailbox->path, subscribed);
      return change_elsewhere(transaction, session.caller(), *mailbox, subscribed);
    });
  }));
  co_return Reply::ok(std::string(command.row->name) + " completed");
}

// The one argument of a command; no path: `refusal` says why.
struct OnlyName {
  std::string given;
  std::optional<std::string> path;
};
OnlyName only_name(const Session& session, Command& command, Reply& refusal) {
  Cursor in(command.args());
  OnlyName name;
  in.space();
  name.given = in.astring();
  name.path = path_from_wire(name.given, session.name_form());
  refusal = in.finish() ? bad_name() : Reply::bad(in);
  if (in.failed()) name.path.reset();
  return name;
}

// RFC 9051 section 6.3.9.7: tells who called a folder by another name than it has now how it is called.
Task<void> tell_name(Session& session, const Mailbox& mailbox, std::string given) {
  const std::string name = wire_from_path(mailbox.name(), session.name_form());
  const std::string old = old_name(given, name);
  if (!session.is_rev2() || old.empty()) co_return;
  const auto attributes = co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
    TRY(const auto reader, mailbox.account->read(session.caller()));
    TRY(const auto folder, find_folder(*reader, mailbox.path));
    return attributes_of(*reader, *folder, mailbox);
  });
  if (!attributes) co_return;  // somebody else was quick: it has another name, or is gone
  std::string line;
  append_list_line(line, *attributes, name, session.name_form(), old);
  co_await session.write(line);
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
  std::string given = in.astring();
  const auto path = path_from_wire(given, session.name_form());
  const auto uses = parse_uses(in);
  if (!in.finish()) co_return Reply::bad(in);
  if (!path || !is_net_unicode(*path)) co_return bad_name();
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
    TRY(made, create_folder(transaction, mailbox, role));
    return {};
  };
  const auto done =
      co_await net::blocking(session.workers(), [&] { return mailbox.account->update(session.caller(), change); });
  if (!done && is_used) co_return bad_use(done.error().text);
  if (!done) co_return std::unexpected(done.error());
  co_await tell_name(session, mailbox, std::move(given));
  co_return Reply::ok("CREATE completed", "MAILBOXID (" + mailbox_id(mailbox.account->id(), made) + ")");
}

Task<Result<Reply>> cmd_delete(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto name = only_name(session, command, refusal);
  if (!name.path) co_return refusal;
  bool has_children = false;
  const auto change = [&](Transaction& transaction, const Mailbox& mailbox) {
    return delete_folder(transaction, mailbox, has_children);
  };
  auto reply = co_await change_account(session, command, *name.path, change);
  if (!reply && has_children) co_return Reply::no(reply.error().text, "HASCHILDREN");
  if (!reply) co_return std::unexpected(reply.error());
  const std::string canonical = wire_from_path(*name.path, session.name_form());
  if (const auto old = old_name(name.given, canonical); session.is_rev2() && !old.empty()) {
    std::string line;
    append_list_line(line, "\\NonExistent", canonical, session.name_form(), old);
    co_await session.write(line);
  }
  co_return *std::move(reply);
}

Task<Result<Reply>> cmd_rename(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  std::string given = in.astring();
  const auto from = path_from_wire(given, session.name_form());
  in.space();
  const auto to = path_from_wire(in.astring(), session.name_form());
  if (!in.finish()) co_return Reply::bad(in);
  if (!from) co_return Reply::no("there is no such folder", "NONEXISTENT");
  if (!to || !is_net_unicode(*to)) co_return bad_name();
  CO_TRY(const auto target, co_await session.mailbox(*to));
  CO_TRY(const auto source, co_await session.mailbox(*from));
  if (target.account != source.account) co_return Reply::no("folders stay in their mailbox", "CANNOT");
  FolderId made;
  const auto change = [&](Transaction& transaction, const Mailbox& mailbox) {
    made = FolderId();
    return rename_folder(transaction, mailbox, target, made);
  };
  CO_TRY(auto reply, co_await change_account(session, command, *from, change));
  if (made)
    CO_TRY_VOID(
        co_await net::blocking(session.workers(), [&] { return move_inbox(*source.account, session.caller(), made); }));
  // RFC 9051 section 6.3.6: the inbox is still there.
  if (!is_inbox(*from)) co_await tell_name(session, target, std::move(given));
  co_return std::move(reply);
}

Task<Result<Reply>> cmd_subscribe(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto name = only_name(session, command, refusal);
  if (!name.path) co_return refusal;
  co_return co_await change_subscriptions(session, command, *name.path, true);
}

Task<Result<Reply>> cmd_unsubscribe(Session& session, Command& command) {
  Reply refusal = bad_name();
  const auto name = only_name(session, command, refusal);
  if (!name.path) co_return refusal;
  co_return co_await change_subscriptions(session, command, *name.path, false);
}

}  // namespace kontor::imap
