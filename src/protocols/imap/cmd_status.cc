// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.3.10, RFC 7162 section 3.1.7, RFC 7889, RFC 8438, RFC 8474, RFC 9208.
#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"
#include "protocols/imap/status_values.h"

namespace kontor::imap {

using wire::imap::StatusItem;

Task<Result<Reply>> cmd_status(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const std::string name = in.astring();
  in.space();
  const auto items = wire::imap::parse_status_items(in);
  if (!in.finish()) co_return Reply::bad(in);
  const auto path = path_from_wire(name, session.name_form());
  if (!path) co_return Reply::no("there is no such folder", "NONEXISTENT");
  const bool wants_modseq = std::find(items.begin(), items.end(), StatusItem::highest_modseq) != items.end();
  if (wants_modseq) co_await session.enable_modseq();
  CO_TRY(const auto mailbox, co_await session.mailbox(*path));
  CO_TRY(const auto values, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
           TRY(const auto reader, mailbox.account->read(session.caller()));
           TRY(const auto folder, find_folder(*reader, mailbox.path));
           return status_values(*reader, mailbox.account->id(), *folder, items, session.append_limit());
         }));
  std::string line = "* STATUS ";
  append_name(line, mailbox.name(), session.name_form());
  line += " (" + values + ")\r\n";
  co_await session.write(line);
  co_return Reply::ok("STATUS completed");
}

}  // namespace kontor::imap
