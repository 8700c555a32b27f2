// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.7, RFC 6851 (MOVE), RFC 4315 section 3 (COPYUID). Many messages go in slices: a COPY that fails
// is taken back, a MOVE has moved what it says.
#include <fmt/format.h>

#include <exception>

#include "protocols/imap/commands.h"
#include "protocols/imap/copy_across.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

std::string copyuid(const Copied& copied) {
  return fmt::format("COPYUID {} {} {}", copied.uid_validity.value, wire::imap::print(copied.from),
                     wire::imap::print(copied.to));
}

// Within one account.
class CopyWithin {
 public:
  CopyWithin(groupware::Account& account, const groupware::Caller& caller, groupware::BulkCopy job,
             const std::string& path, Copied& copied)
      : copied_(copied), copy_(account, caller, with_target(std::move(job), path, copied)) {}
  CopyWithin(const CopyWithin&) = delete;
  CopyWithin& operator=(const CopyWithin&) = delete;

  Result<bool> step() {
    const auto goes_on = copy_.step();
    if (goes_on && *goes_on) return true;
    const groupware::BulkCopied& all = copy_.done();
    copied_.is_missing = all.is_missing;
    copied_.uid_validity = all.uid_validity;
    for (const auto& [from, to] : all.messages) {
      wire::imap::append(copied_.from, from.value);
      wire::imap::append(copied_.to, to.value);
    }
    return goes_on;
  }
  std::size_t done() const { return copy_.done().messages.size(); }

 private:
  static groupware::BulkCopy with_target(groupware::BulkCopy job, const std::string& path, Copied& copied) {
    job.target = [&](const groupware::Transaction& transaction) -> Result<FolderId> {
      const auto found = find_folder(transaction, path);
      copied.no_target = !found || (*found)->is_container;
      if (!found) return std::unexpected(found.error());
      if (copied.no_target) return fail(Errc::not_found, "this folder holds folders only");
      return (*found)->id;
    };
    return job;
  }

  Copied& copied_;
  groupware::MessageCopy copy_;
};

// Steps of `copy` until the last. Also when the client is gone meanwhile: what was begun is not left half done.
template <class Copy>
Task<Result<void>> copy_in_steps(Session& session, const Command& command, Copy& copy, std::size_t goal) {
  std::exception_ptr gone;
  Result<bool> goes_on = true;
  while (goes_on && *goes_on) {
    try {
      if (!gone) co_await session.progress(command, copy.done(), goal);
    } catch (...) {
      gone = std::current_exception();
    }
    goes_on = co_await net::blocking(session.workers(), [&] { return copy.step(); });
  }
  if (gone) std::rethrow_exception(gone);
  if (!goes_on) co_return std::unexpected(goes_on.error());
  co_return Result<void>();
}

// RFC 6851 section 4.3: before the EXPUNGEs, so that the client knows where they went.
Task<void> write_moved(Session& session, const Copied& copied) {
  const std::string line = "* OK [" + copyuid(copied) + "] moved\r\n";
  co_await session.write(line);
}

Task<Result<Reply>> copy_or_move(Session& session, Command& command, CopyMode mode) {
  wire::imap::Cursor in(command.args());
  in.space();
  const auto set = in.sequence_set();
  in.space();
  const auto path = path_from_wire(in.astring(), session.name_form());
  if (!in.finish()) co_return Reply::bad(in);
  const Selected& box = *session.selected();
  auto wanted = positions(box, set, command.by_uid);
  if (!wanted) co_return Reply::bad("there is no message of that number");
  if (!path) co_return Reply::no("there cannot be such a folder", "CANNOT");
  if (mode == CopyMode::move && box.read_only) co_return Reply::no("the folder was opened read-only", "NOPERM");

  const auto target = co_await session.mailbox(*path);
  if (!target && target.error().code == Errc::not_found) co_return Reply::no("create the folder first", "TRYCREATE");
  if (!target) co_return std::unexpected(target.error());

  std::optional<Uid> lowest;
  if (mode == CopyMode::move) {
    lowest = keep_highest(*box.view, session.options().message_limit, *wanted);
  } else if (const auto limit = save_limit(session.options()); keep_highest(*box.view, limit, *wanted)) {
    co_return Reply::no("too many messages at once", limit_code(limit, box.view->at(wanted->front()).uid));
  }
  std::vector<Uid> uids;
  for (const auto position : *wanted) uids.push_back(box.view->at(position).uid);
  Copied copied;
  Result<void> done;
  if (target->account == box.account) {
    groupware::BulkCopy job{box.folder, std::move(uids), mode, command.by_uid, {}};
    CopyWithin copy(*box.account, session.caller(), std::move(job), target->path, copied);
    done = co_await copy_in_steps(session, command, copy, wanted->size());
  } else {
    CopyAcross::Job job{box.account, box.folder, std::move(uids), *target, mode, command.by_uid};
    CopyAcross copy(session.services().accounts, session.caller(), std::move(job));
    done = co_await copy_in_steps(session, command, copy, wanted->size());
    copied = copy.copied();
  }
  if (!done && mode == CopyMode::move && !copied.from.empty()) co_await write_moved(session, copied);
  if (!done && copied.no_target) co_return Reply::no("create the folder first", "TRYCREATE");
  if (!done && copied.is_missing) co_return Reply::no("some of the messages are gone", "EXPUNGEISSUED");
  if (!done) co_return std::unexpected(done.error());
  const std::string text = std::string(command.row->name) + " completed";
  if (mode == CopyMode::copy) co_return Reply::ok(text, copied.from.empty() ? "" : copyuid(copied));
  if (!copied.from.empty()) co_await write_moved(session, copied);
  co_return co_await with_limit(session, Reply::ok(text), lowest);
}

}  // namespace

Task<Result<Reply>> cmd_copy(Session& session, Command& command) {
  return copy_or_move(session, command, CopyMode::copy);
}

Task<Result<Reply>> cmd_move(Session& session, Command& command) {
  return copy_or_move(session, command, CopyMode::move);
}

}  // namespace kontor::imap
