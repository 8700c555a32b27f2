// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/pop3/command.h"

namespace kontor::pop3 {
namespace {

using state::kAuthorization;
using state::kBoth;
using state::kTransaction;

constexpr Row kRows[] = {
    {"CAPA", kBoth, false, cmd_capa, "RFC 2449 section 5"},
    {"LANG", kBoth, true, cmd_lang, "RFC 6856 section 3"},
    {"UTF8", kAuthorization, false, cmd_utf8, "RFC 6856 section 2.1"},
    {"STLS", kAuthorization, false, cmd_stls, "RFC 2595 section 4"},
    {"USER", kAuthorization, true, cmd_user, "RFC 1939 section 7"},
    {"PASS", kAuthorization, true, cmd_pass, "RFC 1939 section 7"},
    {"AUTH", kAuthorization, true, cmd_auth, "RFC 5034 section 4"},
    {"QUIT", kBoth, false, cmd_quit, "RFC 1939 sections 4 and 6"},
    {"STAT", kTransaction, false, cmd_stat, "RFC 1939 section 5"},
    {"LIST", kTransaction, true, cmd_list, "RFC 1939 section 5"},
    {"RETR", kTransaction, true, cmd_retr, "RFC 1939 section 5"},
    {"DELE", kTransaction, true, cmd_dele, "RFC 1939 section 5"},
    {"NOOP", kTransaction, false, cmd_noop, "RFC 1939 section 5"},
    {"RSET", kTransaction, false, cmd_rset, "RFC 1939 section 5"},
    {"TOP", kTransaction, true, cmd_top, "RFC 1939 section 7"},
    {"UIDL", kTransaction, true, cmd_uidl, "RFC 1939 section 7"},
};

}  // namespace

std::span<const Row> rows() { return kRows; }

const Row* find_row(std::string_view name) {
  for (const auto& row : kRows)
    if (row.name == name) return &row;
  return nullptr;
}

std::string print(const Reply& reply) {
  std::string out = reply.kind == Reply::Kind::ok ? "+OK" : "-ERR";
  if (!reply.code.empty()) out += " [" + reply.code + "]";
  if (!reply.text.empty()) out += " " + reply.text;
  return out + "\r\n";
}

Reply reply_to(const Error& error) {
  switch (error.code) {
    case Errc::unavailable:
    case Errc::conflict:
    case Errc::too_large:
      return Reply::error(error.text, "SYS/TEMP");
    case Errc::corrupt:
      return Reply::error("internal error, see the server's log", "SYS/PERM");
    case Errc::denied:
      return Reply::error(error.text, "SYS/PERM");
    case Errc::not_found:
    case Errc::exists:
    case Errc::over_quota:
    case Errc::invalid:
      break;
  }
  return Reply::error(error.text);
}

}  // namespace kontor::pop3
