// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/message_limit.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/imap/session.h"

namespace kontor::imap {

std::uint32_t save_limit(const Options& options) {
  return options.message_limit > 0 ? options.message_limit : options.save_limit;
}

// RFC 9738 section 3: one of them, never both.
std::string limit_capability(const Options& options) {
  if (options.message_limit > 0) return fmt::format(" MESSAGELIMIT={}", options.message_limit);
  return options.save_limit > 0 ? fmt::format(" SAVELIMIT={}", options.save_limit) : "";
}

std::optional<Uid> keep_highest(const groupware::FolderView& view, std::uint32_t limit,
                                std::vector<std::uint32_t>& positions) {
  if (limit == 0 || positions.size() <= limit) return std::nullopt;
  positions.erase(positions.begin(), positions.end() - static_cast<std::ptrdiff_t>(limit));
  return view.at(positions.front()).uid;
}

std::string limit_code(std::uint32_t limit, std::optional<Uid> lowest) {
  return lowest ? fmt::format("MESSAGELIMIT {} {}", limit, lowest->value) : fmt::format("MESSAGELIMIT {}", limit);
}

// RFC 9738 section 3.1.
Task<Reply> with_limit(Session& session, Reply reply, std::optional<Uid> lowest) {
  if (!lowest) co_return reply;
  std::string code = limit_code(session.options().message_limit, lowest);
  if (reply.kind == Reply::Kind::ok && reply.code.empty()) {
    reply.code = std::move(code);
    co_return reply;
  }
  const std::string line = "* NO [" + code + "] only the newest messages were done\r\n";
  co_await session.write(line);
  co_return reply;
}

}  // namespace kontor::imap
