// SPDX-License-Identifier: AGPL-3.0-or-later
// A small HTTP/1.1 server over streams (RFC 9112): routing by prefix, bounded heads, streamed bodies.
//
// A request whose framing could be read in two ways is refused and the connection closed (wire/http/head.h). Each
// request is one line in the log: method, path without query, status, milliseconds, session, user ("-": nobody).
#pragma once

#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/runtime.h"
#include "net/stream.h"
#include "net/task.h"

namespace kontor::net {

// The connection as the handlers of its requests see it. Of the connection's thread.
struct HttpVisit {
  explicit HttpVisit(Stream& stream_) : stream(stream_) {}

  Stream& stream;    // for pauses and for what it says about itself: a handler neither reads nor writes
  std::string user;  // whose request this is, for the log; empty when a request begins
  std::string path;  // for the log, where the request's own is a secret; empty when a request begins
  std::any notes;    // whoever notes something here finds it again at the connection's next request
};

struct HttpRequest {
  std::string method;
  std::string target;  // as sent: path and query
  std::string path;    // percent-decoded, without the query
  std::string query;   // as sent, without "?"
  std::vector<std::pair<std::string, std::string>> headers;
  Endpoint peer;
  bool is_encrypted = false;
  HttpVisit* visit = nullptr;  // never null in a handler; valid until the response was sent

  // The first header of that name, any case; empty if none.
  std::string_view header(std::string_view name) const;
};

// The body of a request as it arrives, chunked or counted.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  // The next piece, empty at the end. What is not read is held back at the client. Throws Disconnected if the body
  // breaks off or is malformed, and ends the request with 413 if it is longer than the server takes.
  virtual Task<std::string> read() = 0;
  // All of it. Errors: too_large (more than `limit`).
  virtual Task<Result<std::string>> read_all(std::size_t limit) = 0;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;  // without framing, which is the server's
  std::string body;                                          // not sent to HEAD, whose answer has the length
  // If set, called after `body` was sent until it gives an empty string: a streamed body. Its whole length goes into
  // `length` where it is known; a HEAD request is told that much.
  std::function<Task<std::string>()> more;
  std::optional<std::uint64_t> length = {};
  bool closes = false;  // the connection, after this response
};

// May throw: the client gets 500 and the log the reason. The body may be left unread.
using HttpHandler = std::function<Task<HttpResponse>(HttpRequest, HttpBody&)>;

// Sends on to `path` of this server, with method and body (307), for a day.
HttpHandler sends_on(std::string path);

struct HttpRoute {
  // The longest match wins. "/import/v1/" takes every path below it; "/metrics" takes itself and "/metrics/...".
  std::string prefix;
  HttpHandler handler;
  std::vector<std::string> methods = {};  // others get 405; empty = the handler looks itself
  // A request whose head is there is answered when the server stops, if that takes no longer than its grace. Else it
  // breaks off at its next read of the body.
  bool finishes = false;
  bool compresses = false;  // responses that are worth it, for clients that take gzip (http_compression.h)
};

struct HttpTimes {
  std::chrono::milliseconds idle{60'000};  // between requests
  std::chrono::milliseconds head{30'000};  // from the first byte of a head to its last
  std::chrono::milliseconds body{60'000};  // for every piece of a body, either way; besides, a second per KiB received
};

// A session function for Runtime::listen that serves `routes`. Bodies larger than `max_body` are refused with 413.
Session http_session(std::vector<HttpRoute> routes, std::uint64_t max_body, HttpTimes times = HttpTimes());

}  // namespace kontor::net
