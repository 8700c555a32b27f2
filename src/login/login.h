// SPDX-License-Identifier: AGPL-3.0-or-later
// Logins for all protocols that have them: passwords and SASL (RFC 4422). Here are the limits, the back-off and the
// log; a protocol brings its connection and prints the verdict in its own words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"
#include "login/attempt.h"
#include "login/mechanism.h"
#include "login/verdict.h"
#include "net/buffered.h"
#include "net/task.h"

namespace kontor::login {

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
      : services_(services), protocol_(protocol), io_(io), attempt_(services, protocol, io.stream(), failures) {}

  // A password that came by the protocol's own command.
  Task<Verdict> password(std::string user, std::string password, std::string_view method);

  // `mechanism` in upper case. `initial`: the decoded initial response, if the client sent one.
  Task<Verdict> authenticate(std::string mechanism, std::optional<std::string> initial, SaslForm form, bool may_send);

  // For the log, once the session is set up.
  void note(const Granted& granted, std::string_view user);

 private:
  Verdict take_part(Granted granted, const std::string& as);
  Task<std::optional<std::string>> ask(SaslForm form, std::string challenge);
  Task<std::optional<std::string>> read_string();

  const Services& services_;
  directory::Protocol protocol_;
  net::Buffered& io_;
  Attempt attempt_;
};

// The names of the mechanisms that can be used on this connection, for CAPABILITY, CAPA and EHLO.
std::vector<std::string_view> mechanisms(const Services& services, const net::Stream& stream);

}  // namespace kontor::login
