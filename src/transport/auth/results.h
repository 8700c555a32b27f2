// SPDX-License-Identifier: AGPL-3.0-or-later
// Authentication-Results (RFC 8601): written for our own readers, and those that pretend to be ours taken out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/auth/arc.h"
#include "transport/auth/dkim.h"
#include "transport/auth/dmarc.h"
#include "transport/auth/spf.h"

namespace kontor::transport {

struct AuthResults {
  std::string server;             // our name: the authserv-id
  std::optional<SpfVerdict> spf;  // nothing: it was not checked
  std::string mail_from;          // empty: HELO was checked
  std::string helo;
  std::vector<DkimVerdict> dkim;
  std::vector<DmarcVerdict> dmarc;  // one for each author's domain
  ArcVerdict arc;                   // `none` is not written
  std::string client;               // the address that the message came from; empty if it is not known
};

// The field with its CRLF. Nothing of what a message or a client says breaks out of it.
std::string results_field(const AuthResults& results);

// Passes over white space and comments, which may be nested.
void skip_results_space(std::string_view& text);

// Who wrote an Authentication-Results field; empty if it cannot be read.
std::string results_server(std::string_view value);

// The value of the Authentication-Results field that `server` wrote when it took the message by SMTP, without white
// space at its ends: the one behind the topmost Received. Others may be anybody's, as LMTP takes fields as they come
// and scripts may add some.
std::optional<std::string> own_results(std::string_view head, std::string_view server);

// What such a value says of a chain of ARC; nothing if it does not tell.
std::optional<ArcResult> arc_of_results(std::string_view value);

// The header block without the fields of that name that claim to be `server`'s (any case).
std::string without_results_of(std::string_view head, std::string_view server);

}  // namespace kontor::transport
