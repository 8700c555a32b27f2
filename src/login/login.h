// SPDX-License-Identifier: AGPL-3.0-or-later
// Logins for all protocols that have them: passwords and SASL (RFC 4422). Here are the limits, the back-off and the
// log; a protocol brings its connection and prints the verdict in its own words.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/workers.h"
#include "directory/directory.h"
#include "login/mechanism.h"
#include "net/buffered.h"
#include "net/limits.h"
#include "net/task.h"

namespace kontor::login {

// Where a secret may travel without TLS. `local` = from loopback addresses and Unix sockets.
enum class PlainLogin : std::uint8_t { never, local, always };

bool may_send_secret(const net::Stream& stream, PlainLogin plain);

// All must outlive every login.
struct Services {
  directory::Directory& directory;
  net::Limits& limits;
  Workers& workers;
  const Tokens* tokens = nullptr;  // null: no identity provider is known
};

// Why nobody was let in.
struct Refusal {
  enum class Kind : std::uint8_t {
    given_up,      // the client ended the exchange, or sent what is not base64
    broken,        // what it sent makes no sense
    no_mechanism,  // there is none of that name here
    needs_tls,     // secrets do not travel in the clear
    wrong,         // name or secret are wrong, or this login is not allowed: one sentence for all
    no_right,      // not allowed to act as somebody else
    too_many,      // too many failures from there: it was not even tried
    unavailable,   // try again later
  };

  Kind kind;
  std::string text;
  std::string farewell{};  // if not empty: the connection is to be closed with these words
};

struct Granted {
  directory::Principal principal;
  std::string method;  // for the log: "PLAIN"
  // What the mechanism says after a success, where the protocol's own answer carries it (SaslForm::is_string).
  std::optional<std::string> last_word{};
};
using Verdict = std::expected<Granted, Refusal>;

// How a protocol carries SASL challenges: "+ " for IMAP and POP3, "334 " for SMTP. With `is_string` challenges and
// responses are strings of ManageSieve (RFC 5804 section 2.1), and the last word of a success is part of its answer.
struct SaslForm {
  std::string_view challenge = "+ ";
  bool is_string = false;
};

// One attempt on one connection. `failures` counts those of the connection and belongs to its session.
class Login {
 public:
  Login(const Services& services, directory::Protocol protocol, net::Buffered& io, std::uint32_t& failures)
      : services_(services), protocol_(protocol), io_(io), failures_(failures) {}

  // A password that came by the protocol's own command.
  Task<Verdict> password(std::string user, std::string password, std::string_view method);

  // `mechanism` in upper case. `initial`: the decoded initial response, if the client sent one.
  Task<Verdict> authenticate(std::string mechanism, std::optional<std::string> initial, SaslForm form, bool may_send);

  // For the log, once the session is set up.
  void note(const Granted& granted, std::string_view user);

 private:
  using Check = std::function<Result<directory::Principal>()>;

  Task<Verdict> decide(std::string user, std::string method, Check check);
  Task<Result<directory::Principal>> guarded(const std::string& user, const Check& check);
  Verdict take_part(Granted granted, const std::string& as);
  Task<net::Limits::Place> hash_place();
  Task<std::optional<std::string>> ask(SaslForm form, std::string challenge);
  Task<std::optional<std::string>> read_string();
  void log(std::string_view event, std::string_view user, std::string_view method);

  const Services& services_;
  directory::Protocol protocol_;
  net::Buffered& io_;
  std::uint32_t& failures_;
};

// The names of the mechanisms that can be used on this connection, for CAPABILITY, CAPA and EHLO.
std::vector<std::string_view> mechanisms(const Services& services, const net::Stream& stream);

}  // namespace kontor::login
