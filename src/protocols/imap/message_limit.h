// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 9738: how many messages one command may be about. What has a limit does
// the messages of the highest UIDs and says how far it came; what is done
// wholly or not at all (COPY, APPEND, SORT, THREAD) is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "groupware/folder_view.h"
#include "protocols/imap/command.h"
#include "protocols/imap/server.h"

namespace kontor::imap {

// Of COPY and APPEND; 0 = none.
std::uint32_t save_limit(const Options& options);
// What is advertised: one of MESSAGELIMIT and SAVELIMIT with a blank before it,
// or nothing.
std::string limit_capability(const Options& options);

// Leaves the last `limit` of these ascending positions. The lowest UID that is
// left, if others were taken out.
std::optional<Uid> keep_highest(const groupware::FolderView& view, std::uint32_t limit,
                                std::vector<std::uint32_t>& positions);

// "MESSAGELIMIT 1000", with a UID "MESSAGELIMIT 1000 23221".
std::string limit_code(std::uint32_t limit, std::optional<Uid> lowest = std::nullopt);

// The answer to a command that came down to `lowest`; if it has a code already,
// the limit is told before it.
Task<Reply> with_limit(Session& session, Reply reply, std::optional<Uid> lowest);

}  // namespace kontor::imap
