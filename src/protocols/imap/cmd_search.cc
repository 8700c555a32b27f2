// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.4, RFC 7162 section 3.1.5.
#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/search.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

std::string search_line(const groupware::FolderView& view, const std::vector<std::uint32_t>& matches, bool by_uid,
                        bool with_modseq) {
  std::string line = "* SEARCH";
  line.reserve(matches.size() * 7 + 32);
  std::uint64_t highest = 0;
  for (const auto position : matches) {
    const auto& row = view.at(position);
    line.push_back(' ');
    wire::imap::append_number(line, by_uid ? row.uid.value : position + 1);
    highest = std::max(highest, row.modseq.value);
  }
  if (with_modseq && !matches.empty()) {
    line += " (MODSEQ ";
    wire::imap::append_number(line, highest);
    line.push_back(')');
  }
  return line += "\r\n";
}

}  // namespace

Task<Result<Reply>> cmd_search(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const auto program = wire::imap::parse_search(in);
  if (in.failed()) co_return Reply::bad(in);
  if (!program.charset.empty() && !mime::is_known_charset(program.charset)) {
    co_return Reply::no("this charset is unknown", "BADCHARSET (UTF-8 US-ASCII)");
  }
  const Selected& box = *session.selected();
  const auto search = co_await net::blocking(session.workers(), [&] { return Search::prepare(program, box); });
  if (!search && search.error().code == Errc::invalid) co_return Reply::bad(search.error().text);
  if (!search) co_return std::unexpected(search.error());
  if (search->uses_modseq()) co_await session.enable_modseq();
  std::vector<std::uint32_t> matches;
  for (std::uint32_t position = 0; position < box.exists();) {
    CO_TRY_VOID(co_await net::blocking(session.workers(),
                                       [&] { return search->run(*box.account, session.caller(), position, matches); }));
  }
  const std::string line = search_line(*box.view, matches, command.by_uid, search->uses_modseq());
  co_await session.write(line);
  co_return Reply::ok("SEARCH completed");
}

}  // namespace kontor::imap
