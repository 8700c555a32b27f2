// SPDX-License-Identifier: AGPL-3.0-or-later
// One HTTP connection: reads heads and bodies, writes responses.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_server.h"
#include "wire/http/chunked.h"
#include "wire/http/head.h"

namespace kontor::net {

// The body turned out longer than the server takes.
struct BodyTooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Its end cannot be found.
struct BodyMalformed : Disconnected {
  using Disconnected::Disconnected;
};

class HttpConnection {
 public:
  HttpConnection(std::unique_ptr<Stream> stream, std::uint64_t max_body, const HttpTimes& times)
      : stream_(std::move(stream)), max_body_(max_body), times_(times) {}

  // Waits for the next request without holding memory; false if none came in time.
  Task<bool> wait_request();
  Task<std::expected<wire::http::Head, wire::http::Refusal>> read_head();

  // The body of the request whose head was read last. Throws TimedOut if it comes slower than 1 KiB/s for long.
  void begin_body(const wire::http::Head& head);
  Task<std::string> read_body();
  // Reads the rest of a body that is not wanted, if it is small and comes at once. False: the connection must be
  // closed.
  Task<bool> skip_body();

  struct Answer {
    bool is_head_request = false;
    bool is_1_0 = false;
    bool keeps_alive = true;
  };
  Task<void> write_response(HttpResponse& response, Answer answer);
  // Lets the peer see the answer before the connection is closed over what it still sends.
  Task<void> linger();

  Stream& stream() { return *stream_; }

 private:
  Task<void> fill();
  Task<std::string> read_piece(std::chrono::steady_clock::time_point deadline);
  std::string take(std::size_t most);

  std::unique_ptr<Stream> stream_;
  std::uint64_t max_body_;
  HttpTimes times_;
  std::string input_;
  wire::http::Framing framing_ = wire::http::Framing::none;
  std::uint64_t left_ = 0;                           // of a counted body
  std::uint64_t taken_ = 0;                          // of the body, decoded
  std::chrono::steady_clock::duration patience_{0};  // how long to wait for the body yet
  wire::http::ChunkDecoder chunks_;
  bool must_continue_ = false;  // 100 Continue is awaited
};

}  // namespace kontor::net
