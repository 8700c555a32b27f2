// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading commands: lines, literals, and getting rid of literals that nobody wants.
#include <algorithm>

#include "base/bytes.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
using wire::imap::LiteralMark;
using wire::imap::trailing_literal;

constexpr std::size_t kLineBeforeLogin = 8 << 10;
constexpr std::size_t kDrainPiece = 64 << 10;
constexpr std::uint64_t kDrainBeforeLogin = 64 << 10;
constexpr std::uint64_t kDrain = 64 << 20;     // of literals that nobody wants
constexpr std::uint64_t kSmallLiteral = 4096;  // RFC 7888 section 5, LITERAL-

// Whether the literal that ends `text` is the message of an APPEND or REPLACE, not the folder's name in front of it.
bool is_message_literal(const Command& command, std::size_t literal_at) {
  Cursor in(std::string_view(command.text).substr(command.args_at, literal_at - command.args_at));
  if ((command.row->flags & kNumberFirst) != 0) {
    in.space();
    in.skip(std::min(in.rest().find_first_not_of("0123456789*"), in.rest().size()));
  }
  return in.rest().find_first_not_of(' ') != std::string_view::npos;
}

}  // namespace

std::size_t Session::line_limit() const { return account_ ? options().line_limit : kLineBeforeLogin; }

Task<Result<std::string>> Session::read_line() { return io_.read_line(line_limit()); }

Task<void> Session::read_and_execute() {
  if (!io_.has_input()) co_await io_.flush();
  stream().set_timeout(account_ ? options().idle_timeout : options().login_timeout);
  if (notifications_ && !io_.has_input()) co_await tell_until_input();
  auto line = co_await read_line();
  stream().set_timeout(account_ ? options().write_timeout : options().login_timeout);
  if (line) {
    co_await handle(*std::move(line));
  } else {
    co_await answer("*", Reply::bad("the line is too long"));
    const bool found_end = account_ && co_await io_.skip_line(1 << 20);
    if (!found_end) co_await bye("the line does not end");
  }
  if (!is_ended_ && bad_in_a_row_ >= options().bad_commands) co_await bye("too many bad commands");
}

Task<void> Session::handle(std::string line) {
  Command command;
  Cursor in(line);
  command.tag = in.tag();
  in.space();
  std::string_view name = in.atom();
  if (!in.failed() && iequals(name, "UID")) {
    command.by_uid = true;
    in.space();
    name = in.atom();
  }
  if (in.failed()) {
    const std::string tag = command.tag.empty() ? "*" : command.tag;
    if (const auto mark = trailing_literal(line)) {
      co_await refuse_literal(command, *mark, Reply::bad(in));
    } else {
      co_await answer(tag, Reply::bad(in));
    }
    co_return;
  }
  command.row = find_row(name, command.by_uid);
  command.args_at = line.size() - in.rest().size();
  command.text = line;
  const bool is_ready = co_await collect(command, line);
  if (is_ready) co_await execute(command);
}

Task<bool> Session::collect(Command& command, std::string_view line) {
  std::optional<Reply> refusal;
  if (command.row == nullptr) {
    refusal = Reply::bad("there is no such command");
  } else if ((command.row->states & state()) == 0) {
    refusal = Reply::bad(account_ ? "not in this state" : "log in first");
  } else if (is_uid_only_ && !command.by_uid && (command.row->flags & kHasUid) != 0) {
    // RFC 9586 section 3.1: what has a UID form is by number without it.
    refusal = Reply{Reply::Kind::bad, "UIDREQUIRED", "messages have UIDs only"};
  }
  std::optional<LiteralMark> mark = trailing_literal(line);
  std::string next;
  while (mark) {
    const std::size_t at = command.text.size() - line.size() + mark->at;
    const bool streams = command.row != nullptr && (command.row->flags & kStreamsLiteral) != 0;
    if (!refusal && streams && is_message_literal(command, at)) {
      command.text.resize(at);
      command.pending = mark;
      co_return true;
    }
    const std::size_t most = account_ ? options().command_limit : kLineBeforeLogin;
    if (!refusal && mark->binary && (command.row->flags & kTakesBinary) == 0)
      refusal = Reply::bad("literal8 has no place here");
    if (!refusal && (mark->size > most || command.text.size() + mark->size > most ||
                     (!account_ && !mark->synchronising && mark->size > kSmallLiteral))) {
      refusal = Reply::no("the literal is too large", "LIMIT");
    }
    if (refusal) co_return co_await refuse_literal(command, *mark, *std::move(refusal));
    if (mark->synchronising) co_await ask("send the literal");
    command.text += "\r\n";
    command.text += co_await io_.read_exactly(static_cast<std::size_t>(mark->size));
    auto more = co_await read_line();
    if (!more || command.text.size() + more->size() > most + line_limit()) {
      co_await bye("the command is too long");
      co_return false;
    }
    next = *std::move(more);
    command.text += next;
    line = next;
    mark = trailing_literal(line);
  }
  if (!refusal) co_return true;
  co_await answer(command.tag, *refusal);
  co_return false;
}

// RFC 7888 section 4: a synchronising literal is refused by not asking for it; another one comes anyway.
Task<bool> Session::refuse_literal(const Command& command, LiteralMark mark, Reply reply) {
  const bool drained = co_await drain(mark);
  if (drained) {
    co_await answer(command.tag.empty() ? "*" : std::string_view(command.tag), reply);
  } else {
    co_await bye("the literal is too large");
  }
  co_return false;
}

Task<bool> Session::drain(LiteralMark mark) {
  std::uint64_t budget = account_ ? kDrain : kDrainBeforeLogin;
  while (!mark.synchronising) {
    if (mark.size > budget) co_return false;
    budget -= mark.size;
    for (std::uint64_t left = mark.size; left > 0;) {
      const auto piece = co_await io_.read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(left, kDrainPiece)));
      left -= piece.size();
    }
    const auto line = co_await read_line();
    if (!line) co_return false;
    const auto next = trailing_literal(*line);
    if (!next) co_return true;
    mark = *next;
  }
  co_return true;
}

}  // namespace kontor::imap
