// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 sections 6.3.1, 6.3.2, 6.4.2, RFC 7162 section 3.2.5, RFC 8474 section 4.2 and RFC 3691: taking up a folder
// and leaving it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/bytes.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/expunge.h"
#include "protocols/imap/listing.h"
#include "protocols/imap/names.h"
#include "protocols/imap/object_id.h"
#include "protocols/imap/session.h"
#include "protocols/imap/vanished.h"
#include "wire/imap/select_request.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
using wire::imap::Ranges;

enum class Access : std::uint8_t { read_write, read_only };
enum class Recency : std::uint8_t { claimed, left };  // who speaks IMAP4rev2 leaves \Recent to others

struct Opened {
  Snapshot snapshot;
  Uid first_recent;
  std::string attributes;
  std::uint64_t directory_changes = 0;  // when the rights were looked up
};

Result<Opened> open_folder(const Mailbox& mailbox, const groupware::Caller& caller, std::uint64_t directory_changes,
                           Access access, Recency recency) {
  groupware::Account& account = *mailbox.account;
  Opened opened;
  opened.directory_changes = directory_changes;
  FolderId id;
  {
    TRY(const auto reader, account.read(caller));
    TRY(const auto folder, find_folder(*reader, mailbox.path));
    if (folder->is_container) return fail(Errc::invalid, "this folder holds folders only");
    id = folder->id;
    opened.attributes = attributes_of(*reader, *folder, mailbox);
    opened.first_recent = folder->first_recent;
    const bool may_change = (reader->rights(id) & kChanging) != 0;
    if (access == Access::read_only || recency == Recency::left || !may_change ||
        folder->first_recent >= folder->next_uid) {
      TRY(opened.snapshot, look(account, caller, id));
      return opened;
    }
  }
  TRY(opened.first_recent, account.claim_recent(caller, id));
  TRY(opened.snapshot, look(account, caller, id));
  return opened;
}

// `list_line`: IMAP4rev2 wants the name told, and knows neither RECENT nor UNSEEN (RFC 9051 section 6.3.2). Else empty.
std::string describe(const Selected& box, const groupware::Folder& folder, const std::string& list_line) {
  std::string out = "* FLAGS (" + print_known_flags(groupware::kAllFlags, *box.keywords) + ")\r\n";
  append_permanent_flags(out, box);
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "* {} EXISTS\r\n", box.exists());
  out += list_line;
  if (list_line.empty()) fmt::format_to(to, "* {} RECENT\r\n", box.recent_count());
  if (const auto unseen = box.view->first_unseen(); list_line.empty() && !box.uid_only && unseen < box.exists()) {
    fmt::format_to(to, "* OK [UNSEEN {}] First unseen message\r\n", unseen + 1);
  }
  // The view may be a little later than the folder's record: UIDNEXT is above everything that the client can see.
  const std::uint32_t next = std::max(folder.next_uid.value, box.view->last_uid().value + 1);
  fmt::format_to(to, "* OK [UIDVALIDITY {}] UIDs are valid\r\n", folder.uid_validity.value);
  fmt::format_to(to, "* OK [UIDNEXT {}] Next UID\r\n", next);
  fmt::format_to(to, "* OK [HIGHESTMODSEQ {}] Highest\r\n", std::max<std::uint64_t>(box.view->modseq().value, 1));
  fmt::format_to(to, "* OK [MAILBOXID ({})] Its name for ever\r\n", mailbox_id(box.account->id(), box.folder));
  return out;
}

// RFC 7162 section 3.2.5.2: what went and what changed since the client last looked.
Task<Result<void>> resync(Session& session, const wire::imap::Resync& known) {
  constexpr std::uint32_t kRowsPerTurn = 5'000;
  const Selected& box = *session.selected();
  const auto view = box.view;
  const Ranges wanted = known.known_uids.value_or(Ranges{{1, std::numeric_limits<std::uint32_t>::max()}});
  const Uid matched(known.last_match(
      [&](std::uint32_t number) { return number <= view->size() ? view->at(number - 1).uid.value : 0; }));
  CO_TRY(const auto gone, co_await net::blocking(session.workers(), [&] {
           return vanished_since(*box.account, session.caller(), box.folder, *view, Modseq(known.modseq), wanted,
                                 matched);
         }));
  co_await session.write(print_vanished(gone, true));
  for (std::uint32_t begin = 0; begin < view->size(); begin += kRowsPerTurn) {
    std::string lines;
    view->each(begin, std::min(view->size(), begin + kRowsPerTurn), [&](std::uint32_t at, const groupware::Row& row) {
      if (row.modseq.value <= known.modseq || !wire::imap::contains(wanted, row.uid.value)) return true;
      append_fetch_start(lines, box, at);
      if (!box.uid_only) fmt::format_to(std::back_inserter(lines), "UID {} ", row.uid.value);
      lines += "FLAGS ";
      append_flags(lines, box, at);
      fmt::format_to(std::back_inserter(lines), " MODSEQ ({}))\r\n", row.modseq.value);
      return true;
    });
    co_await session.write(lines);
  }
  co_return Result<void>();
}

Task<Result<Reply>> select(Session& session, Command& command, Access access) {
  Cursor in(command.args());
  const auto request = wire::imap::parse_select(in);
  const auto path = path_from_wire(request.name, session.name_form());
  if (!in.failed() && request.resync && !session.knows_vanished()) in.fail("enable QRESYNC first");
  if (in.failed()) co_return Reply::bad(in);
  if (session.selected() != nullptr) co_await session.write("* OK [CLOSED] The other folder is left\r\n");
  session.select(nullptr);  // also if the rest fails (RFC 3501 section 6.3.1)
  if (!path) co_return Reply::no("there is no such folder", "NONEXISTENT");
  if (request.condstore || request.resync) co_await session.enable_modseq();
  CO_TRY(const auto mailbox, co_await session.mailbox(*path));
  CO_TRY(auto opened, co_await net::blocking(session.workers(), [&] {
           return open_folder(mailbox, session.caller(), session.directory_changes(), access,
                              session.is_rev2() ? Recency::left : Recency::claimed);
         }));
  auto box = std::make_unique<Selected>();
  box->account = mailbox.account;
  box->uid_only = session.is_uid_only();
  box->prefix = mailbox.prefix;
  box->folder = opened.snapshot.folder->id;
  box->rights = opened.snapshot.rights;
  box->is_examined = access == Access::read_only;
  box->read_only = box->is_examined || (box->rights & kChanging) == 0;
  box->grants = opened.snapshot.folder->grants;
  box->directory_changes = opened.directory_changes;
  box->view = opened.snapshot.view;
  box->keywords = opened.snapshot.keywords;
  if (const Uid last = box->view->last_uid(); opened.first_recent <= last && !session.is_rev2()) {
    box->recent.push_back({opened.first_recent.value, last.value});
  }
  const auto folder = opened.snapshot.folder;
  std::string list_line;
  if (session.is_rev2()) {
    const std::string name = wire_from_path(mailbox.name(), session.name_form());
    append_list_line(list_line, opened.attributes, name, session.name_form(), old_name(request.name, name));
  }
  const std::string lines = describe(*box, *folder, list_line);
  const bool read_only = box->read_only;
  session.select(std::move(box));
  co_await session.write(lines);
  if (request.resync && request.resync->uid_validity == folder->uid_validity.value) {
    CO_TRY_VOID(co_await resync(session, *request.resync));
  }
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
    const auto done = co_await expunge(session, command, nullptr);
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
