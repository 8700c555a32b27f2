// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 1939 sections 5 and 7: STAT, LIST, UIDL, RETR, TOP, DELE.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "protocols/pop3/session.h"
#include "wire/pop3/command.h"
#include "wire/pop3/message_text.h"

namespace kontor::pop3 {
namespace {

constexpr std::size_t kPiece = 64 << 10;         // of a message, and of a listing
constexpr std::uint32_t kLinesPerTurn = 10'000;  // then others run

// One line of a listing, without its end.
using Line = void (*)(const Maildrop& drop, std::uint32_t number, std::string& out);

void size_line(const Maildrop& drop, std::uint32_t number, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{} {}", number, drop.size(number));
}

void unique_id_line(const Maildrop& drop, std::uint32_t number, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{} {}", number, drop.unique_id(number));
}

Task<Result<Reply>> list(Session& session, std::string args, Line line) {
  const Maildrop& drop = session.maildrop();
  if (!args.empty()) {
    CO_TRY(const std::uint32_t number, session.message(args));
    std::string text;
    line(drop, number, text);
    co_return Reply::ok(std::move(text));
  }
  std::string out = fmt::format("+OK {} messages ({} octets)\r\n", drop.left(), drop.left_bytes());
  session.is_answering = true;
  for (std::uint32_t number = 1; number <= drop.count(); ++number) {
    if (drop.is_deleted(number)) continue;
    line(drop, number, out);
    out += "\r\n";
    if (out.size() >= kPiece) {
      co_await session.write(out);
      out.clear();
    }
    if (number % kLinesPerTurn == 0) co_await net::yield();
  }
  out += ".\r\n";
  co_await session.write(out);
  session.is_answering = false;
  co_return Reply::none();
}

// RFC 6856 section 2.1: whether the header is in UTF-8, beyond ASCII. Bytes of other charsets, which old programs put
// there, are no UTF-8 and mean nothing to this rule.
bool needs_utf8(std::string_view head) {
  const auto end = std::min(head.find("\r\n\r\n"), head.find("\n\n"));
  const std::string_view header = head.substr(0, end);
  return !is_ascii(header) && mime::is_utf8(header);
}

// What goes wrong before the first line is an answer; after it the connection ends, since nothing else can be said.
Task<Result<Reply>> send(Session& session, std::uint32_t number, wire::pop3::MessageText text, std::string first_line) {
  auto content = session.maildrop().content_at_hand(number);
  std::string piece;
  if (!content) {
    const auto opened = co_await net::blocking(session.workers(), [&]() -> Result<void> {
      TRY(content, session.maildrop().content(session.account(), session.caller(), number));
      if (content->whole()) return {};
      TRY(piece, content->read(0, kPiece));
      return {};
    });
    if (!opened) co_return std::unexpected(opened.error());
  }
  if (session.options().refuses_utf8 && !session.speaks_utf8 &&
      needs_utf8(content->whole() ? std::string_view(*content->whole()) : std::string_view(piece)))
    co_return Reply::error("this message has a header in UTF-8: say UTF8 first", "UTF8");
  std::string out = std::move(first_line);
  session.is_answering = true;
  if (const auto whole = content->whole()) {
    text.feed(*whole, out);
  } else {
    for (std::uint64_t offset = 0; offset < content->size() && !text.is_done();) {
      if (offset > 0) {
        auto next = co_await net::blocking(session.workers(), [&] { return content->read(offset, kPiece); });
        piece = next ? *std::move(next) : std::string();
      }
      if (piece.empty()) throw std::runtime_error("the content of a message ended early");
      text.feed(piece, out);
      offset += piece.size();
      co_await session.write(out);
      out.clear();
    }
  }
  text.finish(out);
  co_await session.write(out);
  session.is_answering = false;
  session.server().bytes.add(static_cast<double>(text.size()));
  co_return Reply::none();
}

}  // namespace

Task<Result<Reply>> cmd_stat(Session& session, std::string) {
  // RFC 1939 section 5: the two numbers, and nothing behind them that could confuse a client.
  co_return Reply::ok(fmt::format("{} {}", session.maildrop().left(), session.maildrop().left_bytes()));
}

Task<Result<Reply>> cmd_list(Session& session, std::string args) {
  co_return co_await list(session, std::move(args), size_line);
}

Task<Result<Reply>> cmd_uidl(Session& session, std::string args) {
  co_return co_await list(session, std::move(args), unique_id_line);
}

Task<Result<Reply>> cmd_retr(Session& session, std::string args) {
  CO_TRY(const std::uint32_t number, session.message(args));
  auto sent = co_await send(session, number, wire::pop3::MessageText(),
                            fmt::format("+OK {} octets\r\n", session.maildrop().size(number)));
  if (sent) {
    session.maildrop().mark_retrieved(number);
    session.server().messages.add();
  }
  co_return sent;
}

Task<Result<Reply>> cmd_top(Session& session, std::string args) {
  const auto wanted = wire::pop3::parse_top(args);
  if (!wanted) co_return Reply::bad("a message's number and a number of lines are needed");
  CO_TRY(const std::uint32_t number, session.message(args.substr(0, args.find(' '))));
  co_return co_await send(session, number, wire::pop3::MessageText(wanted->lines), "+OK\r\n");
}

Task<Result<Reply>> cmd_dele(Session& session, std::string args) {
  CO_TRY(const std::uint32_t number, session.message(args));
  session.maildrop().mark_deleted(number);
  co_return Reply::ok(fmt::format("message {} is marked", number));
}

}  // namespace kontor::pop3
