// SPDX-License-Identifier: AGPL-3.0-or-later
// The handlers of all commands; each family has its file cmd_*.cc.
#pragma once

#include "protocols/imap/command.h"
#include "protocols/imap/server.h"

namespace kontor::imap {

login::Services login_services(const Services& services);

Task<Result<Reply>> cmd_capability(Session& session, Command& command);
Task<Result<Reply>> cmd_noop(Session& session, Command& command);
Task<Result<Reply>> cmd_logout(Session& session, Command& command);
Task<Result<Reply>> cmd_id(Session& session, Command& command);
Task<Result<Reply>> cmd_enable(Session& session, Command& command);
Task<Result<Reply>> cmd_unauthenticate(Session& session, Command& command);
Task<Result<Reply>> cmd_getquota(Session& session, Command& command);
Task<Result<Reply>> cmd_getquotaroot(Session& session, Command& command);
Task<Result<Reply>> cmd_setquota(Session& session, Command& command);
Task<Result<Reply>> cmd_getmetadata(Session& session, Command& command);
Task<Result<Reply>> cmd_setmetadata(Session& session, Command& command);
Task<Result<Reply>> cmd_notify(Session& session, Command& command);
Task<Result<Reply>> cmd_comparator(Session& session, Command& command);
Task<Result<Reply>> cmd_compress(Session& session, Command& command);
Task<Result<Reply>> cmd_starttls(Session& session, Command& command);
Task<Result<Reply>> cmd_login(Session& session, Command& command);
Task<Result<Reply>> cmd_authenticate(Session& session, Command& command);
Task<Result<Reply>> cmd_namespace(Session& session, Command& command);
Task<Result<Reply>> cmd_list(Session& session, Command& command);
Task<Result<Reply>> cmd_lsub(Session& session, Command& command);
Task<Result<Reply>> cmd_create(Session& session, Command& command);
Task<Result<Reply>> cmd_delete(Session& session, Command& command);
Task<Result<Reply>> cmd_rename(Session& session, Command& command);
Task<Result<Reply>> cmd_subscribe(Session& session, Command& command);
Task<Result<Reply>> cmd_unsubscribe(Session& session, Command& command);
Task<Result<Reply>> cmd_status(Session& session, Command& command);
Task<Result<Reply>> cmd_append(Session& session, Command& command);
Task<Result<Reply>> cmd_select(Session& session, Command& command);
Task<Result<Reply>> cmd_examine(Session& session, Command& command);
Task<Result<Reply>> cmd_close(Session& session, Command& command);
Task<Result<Reply>> cmd_unselect(Session& session, Command& command);
Task<Result<Reply>> cmd_expunge(Session& session, Command& command);
Task<Result<Reply>> cmd_fetch(Session& session, Command& command);
Task<Result<Reply>> cmd_search(Session& session, Command& command);
Task<Result<Reply>> cmd_cancelupdate(Session& session, Command& command);
Task<Result<Reply>> cmd_esearch(Session& session, Command& command);
Task<Result<Reply>> cmd_sort(Session& session, Command& command);
Task<Result<Reply>> cmd_thread(Session& session, Command& command);
Task<Result<Reply>> cmd_store(Session& session, Command& command);
Task<Result<Reply>> cmd_copy(Session& session, Command& command);
Task<Result<Reply>> cmd_move(Session& session, Command& command);
Task<Result<Reply>> cmd_replace(Session& session, Command& command);
Task<Result<Reply>> cmd_setacl(Session& session, Command& command);
Task<Result<Reply>> cmd_deleteacl(Session& session, Command& command);
Task<Result<Reply>> cmd_getacl(Session& session, Command& command);
Task<Result<Reply>> cmd_listrights(Session& session, Command& command);
Task<Result<Reply>> cmd_myrights(Session& session, Command& command);
Task<Result<Reply>> cmd_idle(Session& session, Command& command);

}  // namespace kontor::imap
