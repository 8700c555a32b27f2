// SPDX-License-Identifier: AGPL-3.0-or-later
// A small HTTP/1.1 server over streams: routing by prefix, bounded heads, streamed bodies.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/runtime.h"
#include "net/stream.h"
#include "net/task.h"

namespace kontor::net {

struct HttpRequest {
  std::string method;
  std::string target;  // as sent: path and query
  std::string path;    // percent-decoded, without the query
  std::string query;   // as sent, without "?"
  std::vector<std::pair<std::string, std::string>> headers;
  Endpoint peer;
  bool is_encrypted = false;

  // The first header of that name, any case; empty if none.
  std::string_view header(std::string_view name) const;
};

// The body of a request as it arrives, chunked or counted.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  // The next piece, empty at the end. Throws Disconnected if the body breaks off.
  virtual Task<std::string> read() = 0;
  // All of it. Errors: too_large.
  virtual Task<Result<std::string>> read_all(std::size_t limit) = 0;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // If set, called after `body` was sent until it gives an empty string: a streamed body of unknown length.
  std::function<Task<std::string>()> more;
};

using HttpHandler = std::function<Task<HttpResponse>(HttpRequest, HttpBody&)>;

struct HttpRoute {
  std::string prefix;  // "/metrics", "/import/v1/": the longest match wins
  HttpHandler handler;
};

// A session function for Runtime::listen that serves `routes`. Bodies larger than `max_body` are refused with 413.
Session http_session(std::vector<HttpRoute> routes, std::uint64_t max_body);

}  // namespace kontor::net
