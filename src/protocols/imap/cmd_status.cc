// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.3.10, RFC 7162 section 3.1.7.
#include <fmt/format.h>

#include <iterator>

#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

constexpr std::string_view kStatusItems[] = {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ"};
constexpr std::size_t kRecentItem = 1, kModseqItem = 5;

struct StatusValues {
  std::uint64_t of[std::size(kStatusItems)] = {};
};

Result<StatusValues> read_status(groupware::Account& account, const groupware::Caller& caller, const std::string& path,
                                 bool wants_recent) {
  TRY(const auto reader, account.read(caller));
  TRY(const auto folder, find_folder(*reader, path));
  if (folder->is_container) return fail(Errc::not_found, "this folder holds folders only");
  if ((reader->rights(folder->id) & groupware::right::kRead) == 0) return fail(Errc::denied, "you may not read there");
  std::uint64_t recent = 0;
  if (wants_recent && folder->first_recent < folder->next_uid) {
    TRY(const auto view, reader->view(folder->id));
    recent = view->size() - view->lower_bound(folder->first_recent);
  }
  return StatusValues{{folder->total, recent, folder->next_uid.value, folder->uid_validity.value, folder->unseen,
                       std::max<std::uint64_t>(folder->highest.value, 1)}};
}

}  // namespace

Task<Result<Reply>> cmd_status(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const std::string name = in.astring();
  in.space();
  in.expect('(');
  std::vector<std::size_t> wanted;
  bool wants_recent = false, wants_modseq = false;
  do {
    std::size_t item = 0;
    while (item < std::size(kStatusItems) && !in.take_word(kStatusItems[item])) ++item;
    if (item == std::size(kStatusItems)) in.fail("there is no such status item");
    wants_recent = wants_recent || item == kRecentItem;
    wants_modseq = wants_modseq || item == kModseqItem;
    wanted.push_back(item);
  } while (in.take(' '));
  in.expect(')');
  if (!in.finish() || wanted.size() > 100) co_return Reply::bad(in.failed() ? in.error() : "too many status items");
  const auto path = path_from_wire(name);
  if (!path) co_return Reply::no("there is no such folder", "NONEXISTENT");
  if (wants_modseq) co_await session.enable_modseq();
  CO_TRY(const auto mailbox, co_await session.mailbox(*path));
  CO_TRY(const auto values, co_await net::blocking(session.workers(), [&] {
           return read_status(*mailbox.account, session.caller(), mailbox.path, wants_recent);
         }));
  std::string line = "* STATUS ";
  wire::imap::append_astring(line, wire_from_path(mailbox.name()));
  char before = '(';
  line.push_back(' ');
  for (const auto item : wanted) {
    fmt::format_to(std::back_inserter(line), "{}{} {}", before, kStatusItems[item], values.of[item]);
    before = ' ';
  }
  line += ")\r\n";
  co_await session.write(line);
  co_return Reply::ok("STATUS completed");
}

}  // namespace kontor::imap
