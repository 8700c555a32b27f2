// SPDX-License-Identifier: AGPL-3.0-or-later
// What logins need, and how they end.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/workers.h"
#include "directory/directory.h"
#include "net/limits.h"
#include "net/stream.h"

namespace kontor::login {

class Tokens;

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

}  // namespace kontor::login
