// SPDX-License-Identifier: AGPL-3.0-or-later
// The ManageSieve server (RFC 5804) with STARTTLS, all mechanisms of login, UNAUTHENTICATE and warnings, as a session
// function for net's listeners.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/rules/scripts.h"
#include "login/login.h"
#include "net/limits.h"
#include "net/runtime.h"

namespace kontor::managesieve {

using login::PlainLogin;

struct Options {
  PlainLogin plain_login = PlainLogin::never;
  std::chrono::milliseconds login_timeout{60'000};
  std::chrono::milliseconds idle_timeout{1'800'000};  // RFC 5804 section 1.2: at least 30 minutes
  std::chrono::milliseconds write_timeout{300'000};
  std::uint32_t bad_commands = 20;  // in a row; then the connection is closed
  groupware::Sending sending = groupware::kServerSends;
  std::uint32_t forwards = 10;  // of one message, told as MAXREDIRECTS
  std::string version;          // told as IMPLEMENTATION, empty = not told
};

// All must outlive every session.
struct Services {
  groupware::Accounts& accounts;
  directory::Directory& directory;
  net::Limits& limits;
  Workers& workers;
  const login::Tokens* tokens = nullptr;  // null: no identity provider is known
};

// TLS is the listener's: implicit, or by STARTTLS where the stream can.
net::Session session(const Services& services, const Options& options);

// The refusal for Runtime::listen, when there is no place for a connection.
std::string refusal();

}  // namespace kontor::managesieve
