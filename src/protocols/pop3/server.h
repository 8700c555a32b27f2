// SPDX-License-Identifier: AGPL-3.0-or-later
// The POP3 server (RFC 1939) with CAPA and PIPELINING (2449), STLS (2595), AUTH (5034), response codes (2449, 3206),
// UTF8 and LANG (6856), as a session function for net's listeners. It serves the inbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "login/login.h"
#include "net/limits.h"
#include "net/runtime.h"

namespace kontor::pop3 {

using login::PlainLogin;

struct Options {
  PlainLogin plain_login = PlainLogin::never;
  std::chrono::milliseconds login_timeout{60'000};
  std::chrono::milliseconds idle_timeout{600'000};  // RFC 1939 section 3: at least 10 minutes
  std::chrono::milliseconds write_timeout{300'000};
  std::chrono::seconds login_delay{0};  // between two logins of one user (RFC 2449 section 6.5)
  std::uint32_t bad_commands = 20;      // in a row; then the connection is closed
  bool refuses_utf8 = false;            // messages with UTF-8 in the header, to clients that did not say UTF8
  bool marks_seen = true;               // what was retrieved gets \Seen when the session ends with QUIT
  std::string version;                  // told as IMPLEMENTATION, empty = not told
};

// All must outlive every session.
struct Services {
  groupware::Accounts& accounts;
  directory::Directory& directory;
  net::Limits& limits;
  Workers& workers;
  const login::Tokens* tokens = nullptr;  // null: no identity provider is known
};

// TLS is the listener's: implicit, or by STLS where the stream can.
net::Session session(const Services& services, const Options& options);

// The refusal for Runtime::listen, when there is no place for a connection.
std::string refusal();

}  // namespace kontor::pop3
