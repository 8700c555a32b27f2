// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <array>

#include "base/log.h"
#include "net/proxy.h"
#include "net/runtime_state.h"

namespace kontor::net {
namespace {

constexpr std::size_t kMaxRefusing = 64;  // more than these are closed without a word

// Counts up as long as it lives.
struct GaugeUp {
  explicit GaugeUp(const metrics::Gauge& gauge_) : gauge(gauge_) { gauge.add(1); }
  ~GaugeUp() { gauge.add(-1); }
  GaugeUp(const GaugeUp&) = delete;
  GaugeUp& operator=(const GaugeUp&) = delete;
  const metrics::Gauge& gauge;
};

// The name and reason of an end of a session for the log; nothing is left to decide about it.
void log_end(const Connection& connection, const Listener& listener, std::exception_ptr thrown) {
  log::Field session("session", connection.id);
  log::Field peer("peer", to_string(connection.peer));
  try {
    std::rethrow_exception(thrown);
  } catch (const Disconnected& e) {
    log::debug("connection.lost", {session, peer, {"why", e.what()}});
  } catch (const TimedOut& e) {
    log::info("connection.timed_out", {session, peer, {"why", e.what()}});
  } catch (const Cancelled& e) {
    log::debug("connection.stopped", {session, peer, {"why", e.what()}});
  } catch (const std::exception& e) {
    log::error("session.failed", {session, peer, {"listener", listener.options.name}, {"why", e.what()}});
  } catch (...) {
    log::error("session.failed", {session, peer, {"listener", listener.options.name}, {"why", "unknown exception"}});
  }
}

}  // namespace

void Runtime::State::start(std::shared_ptr<Loop> loop, Fd fd, Endpoint peer, std::shared_ptr<Listener> listener,
                           Gate::Ticket ticket) {
  if (loop->is_stopping) return;
  std::string id = fmt::format("{}-{}", listener->options.name, next_id.fetch_add(1, std::memory_order_relaxed));
  TlsContexts* contexts = listener->options.tls == TlsMode::none ? nullptr : &tls;
  auto connection = std::make_shared<Connection>(loop, std::move(fd), std::move(peer), std::move(id), contexts);
  connection->asks_certificate = listener->options.asks_certificate;
  spawn(*loop, run_session(std::move(connection), std::move(listener)), std::move(ticket));
}

Task<void> Runtime::State::run_session(std::shared_ptr<Connection> connection, std::shared_ptr<Listener> listener) {
  GaugeUp counted(listener->open);
  std::exception_ptr thrown;
  try {
    co_await converse(*connection, std::make_unique<SocketStream>(connection), *listener);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) log_end(*connection, *listener, thrown);
  log::debug("connection.end", {{"session", connection->id}});
}

Task<void> Runtime::State::converse(Connection& connection, std::unique_ptr<SocketStream> stream,
                                    const Listener& listener) {
  Connection::Clock::duration usual = connection.timeout;
  connection.timeout = listener.options.handshake_timeout;
  if (listener.is_proxy(connection.peer)) {
    bool is_understood = co_await read_proxy_header(connection);
    if (!is_understood) co_return;
  }
  Limits::Place place = limits.connection(connection.peer);
  if (!place) {
    co_await refuse(connection, listener);
    co_return;
  }
  if (listener.options.tls == TlsMode::implicit) co_await begin_tls(connection, listener);
  connection.timeout = usual;
  log::debug("connection.begin",
             {{"session", connection.id}, {"peer", to_string(connection.peer)}, {"tls", stream->tls_description()}});
  co_await listener.session(std::move(stream));
}

Task<bool> Runtime::State::read_proxy_header(Connection& connection) {
  std::array<char, kMaxProxySize> header;
  co_await connection.read_all(std::span(header).first(kProxyHeadSize));
  auto size = proxy_header_size({header.data(), kProxyHeadSize});
  Result<std::optional<Endpoint>> client = std::nullopt;
  if (size) {
    if (*size > kProxyHeadSize)
      co_await connection.read_all(std::span(header).subspan(kProxyHeadSize, *size - kProxyHeadSize));
    client = parse_proxy_header({header.data(), *size});
  } else {
    client = std::unexpected(size.error());
  }
  if (!client) {
    log::warn("proxy.refused",
              {{"session", connection.id}, {"peer", to_string(connection.peer)}, {"why", client.error().text}});
    co_return false;
  }
  if (*client) connection.peer = **client;
  co_return true;
}

Task<void> Runtime::State::begin_tls(Connection& connection, const Listener& listener) {
  std::string why;
  try {
    co_await connection.start_tls();
    co_return;
  } catch (const Disconnected& e) {
    why = e.what();
  } catch (const TimedOut& e) {
    why = e.what();
  }
  listener.tls_failed.add();
  log::info("tls.failed", {{"session", connection.id}, {"peer", to_string(connection.peer)}, {"why", why}});
  throw Disconnected("the TLS handshake failed");
}

Task<void> Runtime::State::refuse(Connection& connection, const Listener& listener) {
  listener.refused.add();
  log::info("connection.refused", {{"session", connection.id}, {"peer", to_string(connection.peer)}});
  struct Counted {
    std::atomic<std::size_t>& count;
    ~Counted() { --count; }
  } counted{refusing};
  if (++refusing > kMaxRefusing || listener.refusal.empty()) co_return;
  if (listener.options.tls == TlsMode::implicit) co_await begin_tls(connection, listener);
  co_await connection.write(listener.refusal);
}

}  // namespace kontor::net
