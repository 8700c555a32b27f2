// SPDX-License-Identifier: AGPL-3.0-or-later
// Commands that look at no message: CAPA (RFC 2449), LANG and UTF8 (RFC 6856), NOOP, RSET, QUIT.
#include "base/bytes.h"
#include "protocols/pop3/session.h"

namespace kontor::pop3 {

Task<Result<Reply>> cmd_capa(Session& session, std::string) {
  std::string out = "+OK the capabilities are\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n";
  if (session.state() == state::kAuthorization) {
    if (session.stream().can_start_tls()) out += "STLS\r\n";
    if (session.may_send_password()) {
      out += "USER\r\nSASL";
      for (const auto name : login::mechanisms(session.server().logins, session.stream())) (out += " ").append(name);
      out += "\r\n";
    }
  }
  // RFC 2449 section 6.7: nothing is removed here by age.
  out += "EXPIRE NEVER\r\n";
  if (const auto delay = session.options().login_delay; delay.count() > 0)
    out += "LOGIN-DELAY " + std::to_string(delay.count()) + "\r\n";
  out += "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Kontor";
  if (!session.options().version.empty()) out += "-" + session.options().version;
  out += "\r\n.\r\n";
  co_await session.write(out);
  co_return Reply::none();
}

// RFC 6856 section 3.2: a listing, or a choice among what was listed.
Task<Result<Reply>> cmd_lang(Session& session, std::string args) {
  if (args.empty()) {
    co_await session.write("+OK the languages are\r\nen English\r\n.\r\n");
    co_return Reply::none();
  }
  const std::string wanted = to_lower(args);
  const bool is_english = wanted == "en" || wanted.starts_with("en-") || wanted == "*" || wanted == "i-default";
  if (!is_english) co_return Reply::error("this language is not spoken here");
  co_return Reply::ok("en English");
}

// Messages are sent as they are with and without it, or refused to whom it is missing (Options::refuses_utf8): a
// downgraded form (RFC 6857) would have another size and break signatures.
Task<Result<Reply>> cmd_utf8(Session& session, std::string) {
  session.speaks_utf8 = true;
  co_return Reply::ok("UTF-8 it is");
}

Task<Result<Reply>> cmd_noop(Session&, std::string) { co_return Reply::ok(); }

Task<Result<Reply>> cmd_rset(Session& session, std::string) {
  session.maildrop().unmark_all();
  co_return Reply::ok(std::to_string(session.maildrop().count()) + " messages");
}

Task<Result<Reply>> cmd_quit(Session& session, std::string) {
  session.end();
  if (session.state() == state::kAuthorization) co_return Reply::ok("bye");
  const auto done = co_await net::blocking(session.workers(), [&] {
    return session.maildrop().commit(session.account(), session.caller(), session.options().marks_seen);
  });
  // Who connects again after the answer must find the maildrop free.
  session.close_maildrop();
  if (!done)
    co_return std::unexpected(Error(done.error().code, "some messages were not removed: " + done.error().text));
  co_return Reply::ok("bye");
}

}  // namespace kontor::pop3
