// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "base/log.h"
#include "base/metrics.h"
#include "net/http_compression.h"
#include "net/http_connection.h"

namespace kontor::net {
namespace {

constexpr std::size_t kMaxLoggedPath = 200;

bool matches(const HttpRoute& route, std::string_view path) {
  if (!path.starts_with(route.prefix)) return false;
  return route.prefix.ends_with('/') || path.size() == route.prefix.size() || path[route.prefix.size()] == '/';
}

HttpResponse plain_response(unsigned status, std::string_view why) {
  HttpResponse response;
  response.status = status;
  response.body = fmt::format("{}\n", why);
  return response;
}

class ConnectionBody : public HttpBody {
 public:
  explicit ConnectionBody(HttpConnection& connection) : connection_(connection) {}
  Task<std::string> read() override { return connection_.read_body(); }
  Task<Result<std::string>> read_all(std::size_t limit) override {
    std::string all;
    for (;;) {
      std::string piece = co_await connection_.read_body();
      if (piece.empty()) co_return all;
      if (all.size() + piece.size() > limit) co_return fail(Errc::too_large, "The body of the request is too large.");
      all += piece;
    }
  }

 private:
  HttpConnection& connection_;
};

struct Server {
  Server(std::vector<HttpRoute> routes_, std::uint64_t max_body_, const HttpTimes& times_)
      : routes(std::move(routes_)),
        max_body(max_body_),
        times(times_),
        seconds("kontor_http_request_seconds", "Time from the head of a request to the end of its answer") {
    std::sort(routes.begin(), routes.end(),
              [](const HttpRoute& a, const HttpRoute& b) { return a.prefix.size() > b.prefix.size(); });
  }
  const HttpRoute* find(std::string_view path) const {
    for (const HttpRoute& route : routes)
      if (matches(route, path)) return &route;
    return nullptr;
  }

  std::vector<HttpRoute> routes;  // longest prefix first
  std::uint64_t max_body;
  HttpTimes times;
  metrics::Histogram seconds;
};

// What became of one request, for the log and for what happens to the connection.
struct Outcome {
  HttpResponse response;
  HttpConnection::Answer answer;
  std::string method = "-";
  std::string path;
  std::string user;
  wire::http::Headers asked;  // the request's headers, where they decide about compression
  bool is_readable = true;    // the next request can be found behind this one's body
};

Task<HttpResponse> call_handler(const HttpHandler& handler, HttpRequest request, HttpConnection& connection,
                                bool& is_readable) {
  ConnectionBody body(connection);
  std::string why;
  try {
    co_return co_await handler(std::move(request), body);
  } catch (const BodyTooLarge&) {
    is_readable = false;
    co_return plain_response(413, "The body of the request is too large.");
  } catch (const BodyMalformed& e) {
    is_readable = false;
    co_return plain_response(400, e.what());
  } catch (const Disconnected&) {
    throw;
  } catch (const TimedOut&) {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& e) {
    why = e.what();
  }
  log::error("http.handler_failed", {{"session", connection.stream().id()}, {"why", why}});
  is_readable = false;
  co_return plain_response(500, "Something went wrong here; the log says what.");
}

// Not for HEAD, whose answer has the length, nor for HTTP/1.0, where a streamed body ends the connection.
void may_compress(Outcome& outcome) {
  const Compression compression = compression_of(outcome.asked, outcome.response);
  if (compression == Compression::never) return;
  outcome.response.headers.emplace_back("Vary", "Accept-Encoding");
  if (compression == Compression::yes && !outcome.answer.is_head_request && !outcome.answer.is_1_0)
    compress(outcome.response);
}

Task<void> answer_request(const Server& server, HttpConnection& connection, HttpVisit& visit, wire::http::Head head,
                          Outcome& outcome) {
  outcome.answer.is_head_request = head.method == "HEAD";
  outcome.answer.is_1_0 = head.is_1_0;
  outcome.answer.keeps_alive = head.keeps_alive;
  outcome.method = head.method;
  connection.begin_body(head);
  auto target = wire::http::parse_target(head.target);
  if (!target) {
    outcome.response = plain_response(target.error().status, target.error().why);
    outcome.is_readable = false;
    co_return;
  }
  outcome.path = target->path;
  if (head.framing == wire::http::Framing::counted && head.length > server.max_body) {
    outcome.response = plain_response(413, "The body of the request is too large.");
    outcome.is_readable = false;
    co_return;
  }
  const HttpRoute* route = server.find(target->path);
  if (!route) {
    outcome.response = plain_response(404, "There is nothing here.");
    co_return;
  }
  if (!route->methods.empty() &&
      std::find(route->methods.begin(), route->methods.end(), head.method) == route->methods.end()) {
    outcome.response = plain_response(405, "This method is not for this place.");
    outcome.response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(route->methods, ", ")));
    co_return;
  }
  HttpRequest request;
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.headers = std::move(head.headers);
  request.peer = connection.stream().peer();
  request.is_encrypted = connection.stream().is_encrypted();
  request.visit = &visit;
  visit.user.clear();
  visit.path.clear();
  if (route->compresses) outcome.asked = request.headers;
  connection.stream().hold_end(route->finishes);
  outcome.response = co_await call_handler(route->handler, std::move(request), connection, outcome.is_readable);
  outcome.user = visit.user;
  if (!visit.path.empty()) outcome.path = visit.path;
  if (route->compresses) may_compress(outcome);
}

// Reads what is left of the body before the answer, so that a client which sends all before it reads gets it.
Task<void> finish_body(HttpConnection& connection, Outcome& outcome) {
  if (!outcome.is_readable) co_return;
  try {
    outcome.is_readable = co_await connection.skip_body();
  } catch (const BodyTooLarge&) {
    outcome.is_readable = false;
  } catch (const BodyMalformed&) {
    outcome.is_readable = false;
  }
}

void log_request(HttpConnection& connection, const Server& server, const Outcome& outcome,
                 std::chrono::steady_clock::time_point began) {
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  server.seconds.observe(took.count());
  log::info("http.request", {{"session", connection.stream().id()},
                             {"method", outcome.method},
                             {"path", std::string_view(outcome.path).substr(0, kMaxLoggedPath)},
                             {"status", outcome.response.status},
                             {"ms", static_cast<std::int64_t>(took.count() * 1000)},
                             {"user", outcome.user.empty() ? std::string("-") : outcome.user}});
}

Task<void> serve_http(std::shared_ptr<const Server> server, std::unique_ptr<Stream> stream) {
  HttpConnection connection(std::move(stream), server->max_body, server->times);
  HttpVisit visit(connection.stream());
  for (;;) {
    connection.stream().hold_end(false);
    bool is_there = co_await connection.wait_request();
    if (!is_there) co_return;
    auto began = std::chrono::steady_clock::now();
    Outcome outcome;
    auto head = co_await connection.read_head();
    if (head) {
      co_await answer_request(*server, connection, visit, *std::move(head), outcome);
      co_await finish_body(connection, outcome);
    } else {
      outcome.response = plain_response(head.error().status, head.error().why);
      outcome.is_readable = false;
    }
    outcome.answer.keeps_alive = outcome.answer.keeps_alive && outcome.is_readable && !outcome.response.closes &&
                                 !connection.stream().is_ending();
    bool is_streamed_to_end = outcome.response.more && outcome.answer.is_1_0 && !outcome.response.length;
    co_await connection.write_response(outcome.response, outcome.answer);
    log_request(connection, *server, outcome, began);
    if (!outcome.is_readable) co_await connection.linger();
    if (!outcome.answer.keeps_alive || is_streamed_to_end) co_return;
  }
}

Task<HttpResponse> send_on(std::string path) {
  HttpResponse response;
  response.status = 307;
  response.headers.emplace_back("Location", std::move(path));
  response.headers.emplace_back("Cache-Control", "max-age=86400");
  co_return response;
}

}  // namespace

HttpHandler sends_on(std::string path) {
  return [path = std::move(path)](HttpRequest, HttpBody&) { return send_on(path); };
}

std::string_view HttpRequest::header(std::string_view name) const { return wire::http::find_header(headers, name); }

Session http_session(std::vector<HttpRoute> routes, std::uint64_t max_body, HttpTimes times) {
  auto server = std::make_shared<const Server>(std::move(routes), max_body, times);
  return [server](std::unique_ptr<Stream> stream) { return serve_http(server, std::move(stream)); };
}

}  // namespace kontor::net
