// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests of protocol sessions: a server in this process that runs a session on a loopback port, and the peer that
// talks to it. Real sockets and the real runtime, so that what a test sees is what a client sees.
//
//   net::TestServer server([](std::unique_ptr<net::Stream> s) -> Task<void> { return my_session(std::move(s)); });
//   net::ScriptPeer peer = server.connect();
//   EXPECT_EQ(peer.read_line(), "* OK ready");
//   peer.send("a logout\r\n");
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "net/client_socket.h"
#include "net/deflate.h"
#include "net/runtime.h"

namespace kontor::net {

// The client's side. What fails throws std::runtime_error, which fails the test with its sentence.
class ScriptPeer {
 public:
  explicit ScriptPeer(const ClientOptions& options) {
    auto socket = ClientSocket::connect(options);
    if (!socket) throw std::runtime_error(socket.error().text);
    socket_ = *std::move(socket);
  }

  void send(std::string_view bytes) {
    if (!deflater_) return must(socket_->write(bytes));
    std::string out;
    deflater_->add(bytes, out);
    must(socket_->write(out));
  }
  void start_tls() { must(socket_->start_tls()); }
  // Both directions are compressed from now on (RFC 4978).
  void start_deflate() {
    deflater_ = std::make_unique<Deflater>();
    inflater_ = std::make_unique<Inflater>();
  }
  ClientSocket& socket() { return *socket_; }

  // Everything up to and including `needle`.
  std::string receive_until(std::string_view needle) {
    std::size_t end;
    while ((end = input_.find(needle)) == std::string::npos)
      if (!fill()) throw std::runtime_error("closed before \"" + std::string(needle) + "\"; got \"" + input_ + "\"");
    return take(end + needle.size());
  }
  // One line without its CRLF.
  std::string read_line() {
    std::string line = receive_until("\n");
    line.pop_back();
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }
  std::string receive_exactly(std::size_t count) {
    while (input_.size() < count)
      if (!fill()) throw std::runtime_error("closed early; got \"" + input_ + "\"");
    return take(count);
  }
  // Everything until the server closes.
  std::string receive_all() {
    while (fill()) {
    }
    return take(input_.size());
  }
  // Whether the server has closed and nothing is left to read. Waits for one or the other.
  bool is_closed() { return input_.empty() && !fill(); }

 private:
  static void must(Result<void> result) {
    if (!result) throw std::runtime_error(result.error().text);
  }
  // False at the end. A reset is an end, too; silence for longer than the timeout is not.
  bool fill() {
    char buffer[16384];
    auto got = socket_->read_some(buffer);
    if (!got && got.error().text.find("in time") != std::string::npos)
      throw std::runtime_error(got.error().text + " Got \"" + input_ + "\"");
    if (!got || *got == 0) return false;
    if (inflater_) {
      inflate({buffer, *got});
    } else {
      input_.append(buffer, *got);
    }
    return true;
  }
  void inflate(std::string_view bytes) {
    char buffer[4096];
    do {
      const auto step = inflater_->add(bytes, buffer);
      bytes.remove_prefix(step.taken);
      input_.append(buffer, step.made);
    } while (!bytes.empty() || inflater_->may_hold_more());
  }
  std::string take(std::size_t count) {
    std::string out = input_.substr(0, count);
    input_.erase(0, count);
    return out;
  }

  std::unique_ptr<ClientSocket> socket_;
  std::unique_ptr<Deflater> deflater_;
  std::unique_ptr<Inflater> inflater_;
  std::string input_;
};

// One network thread, one listener on 127.0.0.1 with a free port, name "test". With TLS other than none,
// `certificates` must be given. Everything that `session` refers to must outlive it.
class TestServer {
 public:
  explicit TestServer(Session session, TlsMode mode = TlsMode::none, const std::vector<Certificate>& certificates = {},
                      LimitOptions limit_options = {})
      : mode_(mode), limits_(limit_options), runtime_(1, tls_, limits_) {
    if (auto loaded = tls_.load(certificates); !loaded) throw std::runtime_error(loaded.error().text);
    ListenerOptions options;
    options.name = "test";
    options.endpoints = {*parse_endpoint("127.0.0.1:0")};
    options.tls = mode;
    auto endpoints = runtime_.listen(options, std::move(session), "refused\r\n");
    if (!endpoints) throw std::runtime_error(endpoints.error().text);
    port_ = endpoints->front().port;
  }

  ClientOptions client_options() const {
    ClientOptions options;
    options.host = "127.0.0.1";
    options.port = port_;
    options.implicit_tls = mode_ == TlsMode::implicit;
    options.verify = false;
    options.timeout = std::chrono::seconds(20);
    return options;
  }
  ScriptPeer connect() const { return ScriptPeer(client_options()); }
  std::uint16_t port() const { return port_; }
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5)) { runtime_.stop(grace); }
  Runtime& runtime() { return runtime_; }
  TlsContexts& tls() { return tls_; }
  Limits& limits() { return limits_; }

 private:
  TlsMode mode_;
  TlsContexts tls_;
  Limits limits_;
  Runtime runtime_;
  std::uint16_t port_ = 0;
};

}  // namespace kontor::net
