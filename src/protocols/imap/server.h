// SPDX-License-Identifier: AGPL-3.0-or-later
// The IMAP server: IMAP4rev1 (RFC 3501) and the extensions of capability.cc, as a session function for net's listeners.
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

namespace kontor::imap {

using login::PlainLogin;

struct Options {
  PlainLogin plain_login = PlainLogin::never;
  std::chrono::milliseconds login_timeout{60'000};    // from the connection to the login
  std::chrono::milliseconds idle_timeout{1'800'000};  // RFC 3501 section 5.4: at least 30 minutes
  std::chrono::milliseconds write_timeout{300'000};   // of a peer that does not read its answer
  std::uint32_t bad_commands = 20;                    // in a row; then the connection is closed
  std::uint32_t commands_per_second = 10'000;         // of one user, over all sessions; 0 = no limit
  bool unauthenticate = true;                         // RFC 8437: a connection may be used by one after another
  std::chrono::milliseconds progress_after{10'000};   // of silence within a command (RFC 9585 section 4)
  std::uint64_t append_limit = 0;                     // bytes of a message; 0 = as the core takes
  std::uint32_t search_texts = 50;                    // that one SEARCH, SORT or THREAD may look for
  std::uint32_t search_keys = 2'000;                  // of one SEARCH, SORT or THREAD
  std::uint32_t message_limit = 0;                    // messages of one command (RFC 9738); 0 = none
  std::uint32_t save_limit = 0;                       // the same of COPY and APPEND only
  std::uint64_t line_limit = 64 << 10;                // bytes of a line after the login
  std::uint64_t command_limit = 512 << 10;            // bytes of a command with its literals, but for messages
  std::uint64_t sort_cache = 128 << 20;               // bytes of subjects that are kept for the next SORT
  std::string version;                                // told in ID, empty = not told
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

}  // namespace kontor::imap
