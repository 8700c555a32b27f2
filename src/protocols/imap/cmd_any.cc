// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.1, RFC 2971, RFC 5161: commands that need no folder.
#include "base/bytes.h"
#include "base/log.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {

using wire::imap::Cursor;

Task<Result<Reply>> cmd_capability(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  const std::string line = "* CAPABILITY " + session.capabilities() + "\r\n";
  co_await session.write(line);
  co_return Reply::ok("CAPABILITY completed");
}

// NOOP and CHECK: the dispatcher tells what is new.
Task<Result<Reply>> cmd_noop(Session&, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  co_return Reply::ok(std::string(command.row->name) + " completed");
}

Task<Result<Reply>> cmd_logout(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  session.select(nullptr);
  session.end();
  co_await session.write("* BYE logging out\r\n");
  co_return Reply::ok("LOGOUT completed");
}

// RFC 2971 section 3.1: NIL or at most 30 pairs. What a client says of itself is kept for the log only.
Task<Result<Reply>> cmd_id(Session& session, Command& command) {
  Cursor in(command.args());
  std::string client;
  in.space();
  if (!in.take_word("NIL")) {
    in.expect('(');
    std::size_t pairs = 0;
    while (!in.failed() && !in.take(')')) {
      if (pairs > 0) in.space();
      const std::string name = in.string();
      in.space();
      const auto value = in.nstring();
      if (++pairs > 30) in.fail("more than 30 pairs");
      const bool is_known = iequals(name, "name") || iequals(name, "version");
      if (is_known && value) client += (client.empty() ? "" : " ") + value->substr(0, 100);
    }
  }
  if (!in.finish()) co_return Reply::bad(in);
  if (!client.empty()) {
    log::info("imap.client", {{"session", session.stream().id()}, {"client", wire::imap::one_line(client)}});
  }
  std::string line = "* ID (\"name\" \"Kontor\"";
  if (!session.options().version.empty()) {
    line += " \"version\" ";
    wire::imap::append_string(line, session.options().version);
  }
  line += ")\r\n";
  co_await session.write(line);
  co_return Reply::ok("ID completed");
}

Task<Result<Reply>> cmd_enable(Session& session, Command& command) {
  Cursor in(command.args());
  bool modseq = false, vanished = false, utf8 = false, rev2 = false, uid_only = false;
  do {
    in.space();
    const auto name = in.atom();
    rev2 = iequals(name, "IMAP4rev2") || rev2;
    uid_only = iequals(name, "UIDONLY") || uid_only;
    utf8 = iequals(name, "UTF8=ACCEPT") || utf8;
    vanished = iequals(name, "QRESYNC") || vanished;
    modseq = iequals(name, "CONDSTORE") || vanished || modseq;
  } while (in.peek() == ' ');
  if (!in.finish()) co_return Reply::bad(in);
  // Only what was not on before is listed (RFC 5161 section 3.1). QRESYNC takes CONDSTORE up, too (RFC 7162 section
  // 3.2.3).
  std::string line = "* ENABLED";
  if (modseq && !session.knows_modseq()) line += " CONDSTORE";
  if (vanished && !session.knows_vanished()) line += " QRESYNC";
  if (utf8 && session.name_form() == NameForm::mutf7) line += " UTF8=ACCEPT";
  if (rev2 && !session.is_rev2()) line += " IMAP4rev2";
  if (uid_only && !session.is_uid_only()) line += " UIDONLY";
  line += "\r\n";
  co_await session.write(line);
  if (uid_only) session.enable_uid_only();
  if (utf8) session.enable_utf8();
  if (rev2) session.enable_rev2();
  if (modseq) co_await session.enable_modseq();
  if (vanished) session.enable_vanished();
  co_return Reply::ok("ENABLE completed");
}

// RFC 8437 section 3.
Task<Result<Reply>> cmd_unauthenticate(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  if (!session.options().unauthenticate || session.is_compressed()) co_return Reply::bad("not possible here");
  session.leave();
  co_return Reply::ok("UNAUTHENTICATE completed");
}

}  // namespace kontor::imap
