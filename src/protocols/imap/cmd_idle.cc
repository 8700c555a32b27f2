// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 2177: the client waits, the server tells what happens, woken by the account's watch; nothing polls.
#include <algorithm>

#include "base/bytes.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"

namespace kontor::imap {

Task<Result<Reply>> cmd_idle(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  const std::shared_ptr<net::Signal> signal = session.stream().make_signal();
  std::unique_ptr<groupware::Watch> watch;
  std::unique_ptr<DirectoryNews::Watch> rights;
  if (session.selected() != nullptr) {
    const FolderId folder = session.selected()->folder;
    watch = session.selected()->account->watch([signal, folder](const groupware::Notice& notice) {
      const auto& touched = notice.folders;
      if (std::find(touched.begin(), touched.end(), folder) != touched.end()) signal->set();
    });
  }
  if (session.may_lose_rights()) rights = session.directory_news().watch([signal] { signal->set(); });
  co_await session.ask("idling");
  session.stream().set_timeout(session.options().idle_timeout);
  if (session.notifications() != nullptr) {
    co_await session.tell_until_input();
  } else {
    do {
      if (session.selected() != nullptr) co_await session.announce(Expunges::tell);
    } while (co_await session.io().wait(*signal) == net::Wake::signal);
  }
  const auto line = co_await session.io().read_line(1000);
  session.stream().set_timeout(session.options().write_timeout);
  if (!line || !iequals(*line, "DONE")) co_return Reply::bad("expected DONE");
  co_return Reply::ok("IDLE completed");
}

}  // namespace kontor::imap
