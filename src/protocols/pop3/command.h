// SPDX-License-Identifier: AGPL-3.0-or-later
// The table of all commands, and the answer to one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/task.h"

namespace kontor::pop3 {

class Session;

// "+OK text" or "-ERR [code] text".
struct Reply {
  enum class Kind : std::uint8_t { ok, error, none };  // none: it was given already

  static Reply ok(std::string text = {}) { return {Kind::ok, {}, std::move(text)}; }
  static Reply error(std::string text, std::string code = {}) {
    return {Kind::error, std::move(code), std::move(text)};
  }
  // What makes no sense: too many of these end the connection.
  static Reply bad(std::string text) { return {Kind::error, {}, std::move(text), true}; }
  static Reply none() { return {Kind::none, {}, {}}; }

  Kind kind;
  std::string code;
  std::string text;
  bool is_bad = false;
};
std::string print(const Reply& reply);

// The one place where the core's errors become POP3's words (RFC 3206).
Reply reply_to(const Error& error);

// RFC 1939 section 3, a bit each.
namespace state {
constexpr std::uint8_t kAuthorization = 1;
constexpr std::uint8_t kTransaction = 2;
constexpr std::uint8_t kBoth = kAuthorization | kTransaction;
}  // namespace state

using Handler = Task<Result<Reply>> (*)(Session&, std::string args);

struct Row {
  std::string_view name;
  std::uint8_t states;
  bool takes_args;  // without it, arguments are an error
  Handler handler;
  std::string_view rfc;
};

std::span<const Row> rows();
// Null if there is none; `name` in upper case.
const Row* find_row(std::string_view name);

Task<Result<Reply>> cmd_capa(Session& session, std::string args);
Task<Result<Reply>> cmd_lang(Session& session, std::string args);
Task<Result<Reply>> cmd_utf8(Session& session, std::string args);
Task<Result<Reply>> cmd_stls(Session& session, std::string args);
Task<Result<Reply>> cmd_user(Session& session, std::string args);
Task<Result<Reply>> cmd_pass(Session& session, std::string args);
Task<Result<Reply>> cmd_auth(Session& session, std::string args);
Task<Result<Reply>> cmd_quit(Session& session, std::string args);
Task<Result<Reply>> cmd_noop(Session& session, std::string args);
Task<Result<Reply>> cmd_stat(Session& session, std::string args);
Task<Result<Reply>> cmd_list(Session& session, std::string args);
Task<Result<Reply>> cmd_uidl(Session& session, std::string args);
Task<Result<Reply>> cmd_retr(Session& session, std::string args);
Task<Result<Reply>> cmd_top(Session& session, std::string args);
Task<Result<Reply>> cmd_dele(Session& session, std::string args);
Task<Result<Reply>> cmd_rset(Session& session, std::string args);

}  // namespace kontor::pop3
