// SPDX-License-Identifier: AGPL-3.0-or-later
// Logins of HTTP requests: Basic (RFC 7617) with passwords and app passwords, Bearer (RFC 6750) where an identity
// provider is known. Each request brings its own; what was proven before costs no hash and asks nobody again, a
// connection's own login also no limits.
#pragma once

#include <expected>

#include "login/verdict.h"
#include "net/http_server.h"
#include "net/task.h"

namespace kontor::login {

// Thread-safe.
class HttpLogin {
 public:
  // `services` are kept by their references, which must outlive it.
  HttpLogin(const Services& services, directory::Protocol protocol, PlainLogin plain)
      : services_(services), protocol_(protocol), plain_(plain) {}

  // Who the request's sender is, or the response to refuse it with: 401 with the challenges (RFC 9110 section 11.6.1),
  // 403 where secrets may not travel, 429 and 503 with Retry-After. Waits as failures before ask for. The request must
  // stay alive, and its body need not have been read.
  Task<std::expected<Granted, net::HttpResponse>> admit(const net::HttpRequest& request) const;

 private:
  const Services services_;
  const directory::Protocol protocol_;
  const PlainLogin plain_;
};

}  // namespace kontor::login
