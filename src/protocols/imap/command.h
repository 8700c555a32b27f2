// SPDX-License-Identifier: AGPL-3.0-or-later
// A command as it was read, the answer to it, and the table of all commands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/task.h"
#include "wire/imap/cursor.h"

namespace kontor::imap {

class Session;
struct Row;

struct Command {
  std::string_view args() const { return std::string_view(text).substr(args_at); }

  std::string tag;
  std::string text;         // the whole command with its literals, without the last line end
  std::size_t args_at = 0;  // behind the command's name
  const Row* row = nullptr;
  bool by_uid = false;
  // The first literal of an APPEND's or REPLACE's message: announced by the client, not yet read.
  std::optional<wire::imap::LiteralMark> pending;
};

// The tagged answer: "OK [code] text".
struct Reply {
  enum class Kind : std::uint8_t { ok, no, bad, none };  // none: it was given already

  static Reply ok(std::string text, std::string code = {}) { return {Kind::ok, std::move(code), std::move(text)}; }
  static Reply no(std::string text, std::string code = {}) { return {Kind::no, std::move(code), std::move(text)}; }
  static Reply bad(std::string text) { return {Kind::bad, {}, std::move(text)}; }
  static Reply bad(const wire::imap::Cursor& in) { return bad(in.error()); }

  Kind kind;
  std::string code;
  std::string text;
};
std::string print(const Reply& reply);

// The one place where the core's errors become IMAP's words (RFC 5530).
Reply reply_to(const Error& error);

// RFC 3501 section 3, a bit each.
namespace state {
constexpr std::uint8_t kGreeted = 1;  // not authenticated
constexpr std::uint8_t kAuthenticated = 2;
constexpr std::uint8_t kSelected = 4;
constexpr std::uint8_t kLoggedIn = kAuthenticated | kSelected;
constexpr std::uint8_t kAny = kGreeted | kLoggedIn;
}  // namespace state

enum RowFlag : std::uint8_t {
  kHasUid = 1,          // there is a UID form
  kOnlyUid = 2,         // there is only a UID form
  kKeepsNumbers = 4,    // no EXPUNGE while it runs, unless by UID (RFC 3501 section 7.4.1)
  kStreamsLiteral = 8,  // its literals after the folder's name are left to the handler
  kNumberFirst = 16,    // of those: a message's number stands before the folder's name
  kTakesBinary = 32,    // literal8 (RFC 3516) may be among its arguments
};

using Handler = Task<Result<Reply>> (*)(Session&, Command&);

struct Row {
  std::string_view name;
  std::uint8_t states;
  std::uint8_t flags;
  Handler handler;
  std::string_view rfc;
};

std::span<const Row> rows();
// Any case; null if there is none. `by_uid` as the client wrote it.
const Row* find_row(std::string_view name, bool by_uid);

}  // namespace kontor::imap
