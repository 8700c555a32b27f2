// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 sections 6.3.1, 6.3.2, 6.4.2 and RFC 3691: taking up a folder and leaving it.
#include <fmt/format.h>

#include <iterator>

#include "base/bytes.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/expunge.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
namespace right = groupware::right;

enum class Access : std::uint8_t { read_write, read_only };

struct Opened {
  Snapshot snapshot;
  Uid first_recent;
};

constexpr std::uint32_t kChanging =
    right::kKeepSeen | right::kWriteFlags | right::kInsert | right::kDeleteItems | right::kExpunge;

Result<Opened> open_folder(groupware::Account& account, const groupware::Caller& caller, const std::string& path,
                           Access access) {
  Opened opened;
  FolderId id;
  {
    TRY(const auto reader, account.read(caller));
    TRY(const auto folder, find_folder(*reader, path));
    if (folder->is_container) return fail(Errc::invalid, "this folder holds folders only");
    id = folder->id;
    opened.first_recent = folder->first_recent;
    const bool may_change = (reader->rights(id) & kChanging) != 0;
    if (access == Access::read_only || !may_change || folder->first_recent >= folder->next_uid) {
      TRY(opened.snapshot, look(account, caller, id));
      return opened;
    }
  }
  TRY(opened.first_recent, account.claim_recent(caller, id));
  TRY(opened.snapshot, look(account, caller, id));
  return opened;
}

// "(CONDSTORE)" of RFC 4466 select parameters.
bool parse_parameters(Cursor& in) {
  if (!in.take(' ')) return false;
  in.expect('(');
  if (!in.take_word("CONDSTORE")) in.fail("there is no such SELECT parameter");
  in.expect(')');
  return true;
}

std::uint8_t permanent_flags(const Selected& box) {
  std::uint8_t flags = 0;
  if ((box.rights & right::kKeepSeen) != 0) flags |= groupware::kSeen;
  if ((box.rights & right::kDeleteItems) != 0) flags |= groupware::kDeleted;
  if ((box.rights & right::kWriteFlags) != 0) {
    flags |= groupware::kAnswered | groupware::kFlagged | groupware::kDraft;
  }
  return flags;
}

void append_permanent_flags(std::string& out, const Selected& box) {
  out += "* OK [PERMANENTFLAGS (";
  if (!box.read_only) {
    const bool may_write = (box.rights & right::kWriteFlags) != 0;
    const std::string known =
        print_known_flags(permanent_flags(box), may_write ? *box.keywords : groupware::KeywordTable());
    out += known;
    if (may_write) out += known.empty() ? "\\*" : " \\*";
  }
  out += ")] Flags that are kept\r\n";
}

// The sequence number of the first message without \Seen; 0 if there is none.
std::uint32_t first_unseen(const groupware::FolderView& view) {
  std::uint32_t found = 0;
  view.each(0, view.size(), [&](std::uint32_t position, const groupware::Row& row) {
    if ((row.flag_bits & groupware::kSeen) == 0) found = position + 1;
    return found == 0;
  });
  return found;
}

std::string describe(const Selected& box, const groupware::Folder& folder) {
  std::string out = "* FLAGS (" + print_known_flags(groupware::kAllFlags, *box.keywords) + ")\r\n";
  append_permanent_flags(out, box);
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "* {} EXISTS\r\n* {} RECENT\r\n", box.exists(), box.recent_count());
  if (const auto unseen = first_unseen(*box.view); unseen != 0) {
    fmt::format_to(to, "* OK [UNSEEN {}] First unseen message\r\n", unseen);
  }
  // The view may be a little later than the folder's record: UIDNEXT is above everything that the client can see.
  const std::uint32_t next = std::max(folder.next_uid.value, box.view->last_uid().value + 1);
  fmt::format_to(to, "* OK [UIDVALIDITY {}] UIDs are valid\r\n", folder.uid_validity.value);
  fmt::format_to(to, "* OK [UIDNEXT {}] Next UID\r\n", next);
  fmt::format_to(to, "* OK [HIGHESTMODSEQ {}] Highest\r\n", std::max<std::uint64_t>(box.view->modseq().value, 1));
  return out;
}

Task<Result<Reply>> select(Session& session, Command& command, Access access) {
  Cursor in(command.args());
  in.space();
  const auto path = path_from_wire(in.astring());
  const bool wants_modseq = parse_parameters(in);
  if (!in.finish()) co_return Reply::bad(in);
  session.select(nullptr);  // also if the rest fails (RFC 3501 section 6.3.1)
  if (!path) co_return Reply::no("there is no such folder", "NONEXISTENT");
  if (wants_modseq) co_await session.enable_modseq();
  CO_TRY(const auto mailbox, co_await session.mailbox(*path));
  CO_TRY(auto opened, co_await net::blocking(session.workers(), [&] {
           return open_folder(*mailbox.account, session.caller(), mailbox.path, access);
         }));
  auto box = std::make_unique<Selected>();
  box->account = mailbox.account;
  box->folder = opened.snapshot.folder->id;
  box->rights = opened.snapshot.rights;
  box->read_only = access == Access::read_only || (box->rights & kChanging) == 0;
  box->view = opened.snapshot.view;
  box->keywords = opened.snapshot.keywords;
  if (const Uid last = box->view->last_uid(); opened.first_recent <= last) {
    box->recent.push_back({opened.first_recent.value, last.value});
  }
  const std::string lines = describe(*box, *opened.snapshot.folder);
  const bool read_only = box->read_only;
  session.select(std::move(box));
  co_await session.write(lines);
  co_return Reply::ok(std::string(command.row->name) + " completed", read_only ? "READ-ONLY" : "READ-WRITE");
}

}  // namespace

Task<Result<Reply>> cmd_select(Session& session, Command& command) {
  return select(session, command, Access::read_write);
}

Task<Result<Reply>> cmd_examine(Session& session, Command& command) {
  return select(session, command, Access::read_only);
}

// Removes what is \Deleted without a word, then leaves the folder.
Task<Result<Reply>> cmd_close(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  const Selected& box = *session.selected();
  if (!box.read_only) {
    const auto done = co_await net::blocking(
        session.workers(), [&] { return expunge(*box.account, session.caller(), box.folder, nullptr); });
    // A folder that is gone or that one may not expunge is left all the same.
    if (!done && done.error().code != Errc::denied && done.error().code != Errc::not_found) {
      co_return std::unexpected(done.error());
    }
  }
  session.select(nullptr);
  co_return Reply::ok("CLOSE completed");
}

Task<Result<Reply>> cmd_unselect(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  session.select(nullptr);
  co_return Reply::ok("UNSELECT completed");
}

}  // namespace kontor::imap
