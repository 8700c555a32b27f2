// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/runtime.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "net/connection.h"
#include "net/proxy.h"
#include "net/sockets.h"

namespace kontor::net {
namespace {

namespace asio = boost::asio;
using LoopExecutor = asio::io_context::executor_type;
using LoopTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
using WaitableSocket = asio::posix::basic_stream_descriptor<LoopExecutor>;
using std::chrono::milliseconds;

constexpr std::size_t kMaxRefusing = 64;  // more than these are closed without a word
constexpr unsigned kAcceptBurst = 16;

struct Listener {
  Listener(ListenerOptions options_, Session session_, std::string refusal_)
      : options(std::move(options_)),
        session(std::move(session_)),
        refusal(std::move(refusal_)),
        open("kontor_connections_open", "Connections that are open", {{"listener", options.name}}),
        accepted("kontor_connections_accepted_total", "Connections that were accepted", {{"listener", options.name}}),
        refused("kontor_connections_refused_total", "Connections above the limits", {{"listener", options.name}}),
        tls_failed("kontor_tls_handshakes_failed_total", "TLS handshakes at the start of a connection that failed",
                   {{"listener", options.name}}) {}

  bool is_proxy(const Endpoint& peer) const {
    if (peer.is_unix) return false;
    for (const Network& network : options.proxy_from)
      if (network.contains(peer.ip)) return true;
    return false;
  }

  ListenerOptions options;
  Session session;
  std::string refusal;
  metrics::Gauge open;
  metrics::Counter accepted;
  metrics::Counter refused;
  metrics::Counter tls_failed;
};

// Counts up as long as it lives.
struct GaugeUp {
  explicit GaugeUp(const metrics::Gauge& gauge_) : gauge(gauge_) { gauge.add(1); }
  ~GaugeUp() { gauge.add(-1); }
  GaugeUp(const GaugeUp&) = delete;
  GaugeUp& operator=(const GaugeUp&) = delete;
  const metrics::Gauge& gauge;
};

struct Acceptor {
  Acceptor(Loop& loop, Fd fd, Endpoint at_)
      : socket(loop.io.get_executor(), fd.get()), backoff(loop.io), at(std::move(at_)) {
    fd.release();
  }
  ~Acceptor() {
    if (at.is_unix) ::unlink(at.unix_path.c_str());
  }
  WaitableSocket socket;
  LoopTimer backoff;
  Endpoint at;
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

// Gives the loop's thread to nothing else than the loop; what escapes there is a bug, but not the end of the process.
void run_loop(Loop& loop) {
  for (;;) {
    try {
      loop.io.run();
      return;
    } catch (const std::exception& e) {
      log::error("loop.exception", {{"why", e.what()}});
    }
  }
}

}  // namespace

struct Runtime::State {
  State(std::size_t count, TlsContexts& tls_, Limits& limits_) : tls(tls_), limits(limits_) {
    for (std::size_t i = 0; i < count; ++i) {
      loops.push_back(std::make_shared<Loop>());
      guards.push_back(asio::make_work_guard(loops.back()->io));
    }
    for (auto& loop : loops) threads.emplace_back([&loop = *loop] { run_loop(loop); });
  }

  // The one place where coroutines start. `task` must not throw.
  template <class Ticket>
  void spawn(Loop& loop, Task<void> task, Ticket ticket) {
    asio::co_spawn(loop.io, std::move(task), [held = std::move(ticket)](std::exception_ptr thrown) {
      if (thrown) log::error("task.failed");
    });
  }

  Task<void> accept_loop(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<Listener> listener);
  Task<void> back_off(Acceptor& acceptor, const Listener& listener, int error);
  void take(Fd fd, const SocketAddress& from, const std::shared_ptr<Listener>& listener);
  void start(std::shared_ptr<Loop> loop, Fd fd, Endpoint peer, std::shared_ptr<Listener> listener, Gate::Ticket ticket);
  Task<void> run_session(std::shared_ptr<Connection> connection, std::shared_ptr<Listener> listener);
  Task<void> converse(Connection& connection, std::unique_ptr<SocketStream> stream, const Listener& listener);
  Task<bool> read_proxy_header(Connection& connection);
  Task<void> begin_tls(Connection& connection, const Listener& listener);
  Task<void> refuse(Connection& connection, const Listener& listener);
  Task<void> repeat(std::chrono::seconds period, std::function<void()> action);
  void on_loops(const std::function<void(Loop&)>& action);

  TlsContexts& tls;
  Limits& limits;
  std::vector<std::shared_ptr<Loop>> loops;
  std::vector<asio::executor_work_guard<LoopExecutor>> guards;
  std::vector<std::thread> threads;
  Gate sessions;
  Gate tasks;  // accept loops and timers
  std::atomic<std::uint64_t> next_id = 1;
  std::atomic<std::size_t> next_loop = 0;
  std::atomic<std::size_t> refusing = 0;
  std::atomic<bool> is_stopping = false;
  std::mutex stop_mutex;
  // Of the first loop's thread.
  std::vector<std::weak_ptr<Acceptor>> acceptors;
  std::vector<LoopTimer*> timers;
};

Task<void> Runtime::State::accept_loop(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<Listener> listener) {
  boost::system::error_code ignored;
  for (unsigned burst = 0; !is_stopping && acceptor->socket.is_open();) {
    SocketAddress from;
    int fd = ::accept4(acceptor->socket.native_handle(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int error = errno;
    if (fd >= 0) {
      take(Fd(fd), from, listener);
      if (++burst % kAcceptBurst == 0) co_await asio::post(acceptor->socket.get_executor(), asio::use_awaitable);
    } else if (error == EAGAIN || error == EWOULDBLOCK) {
      co_await acceptor->socket.async_wait(WaitableSocket::wait_read,
                                           asio::redirect_error(asio::use_awaitable, ignored));
    } else if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EBADF ||
               error == EINVAL) {
      co_await back_off(*acceptor, *listener, error);
    }
    // Everything else is an error of the one connection that was to be accepted (accept(2)).
  }
}

// Out of descriptors or memory: what is there keeps working, newcomers wait in the kernel's queue.
Task<void> Runtime::State::back_off(Acceptor& acceptor, const Listener& listener, int error) {
  log::error("accept.failed", {{"listener", listener.options.name},
                               {"endpoint", to_string(acceptor.at)},
                               {"why", std::system_category().message(error)},
                               {"sessions", sessions.count()}});
  boost::system::error_code ignored;
  acceptor.backoff.expires_after(std::chrono::seconds(1));
  co_await acceptor.backoff.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Runtime::State::take(Fd fd, const SocketAddress& from, const std::shared_ptr<Listener>& listener) {
  Endpoint peer = to_endpoint(from);
  if (!peer.is_unix) tune_tcp(fd.get());
  listener->accepted.add();
  std::shared_ptr<Loop> loop = loops[next_loop.fetch_add(1, std::memory_order_relaxed) % loops.size()];
  asio::post(loop->io, [this, loop, fd = std::move(fd), peer, listener, ticket = Gate::Ticket(sessions)]() mutable {
    start(loop, std::move(fd), peer, std::move(listener), std::move(ticket));
  });
}

void Runtime::State::start(std::shared_ptr<Loop> loop, Fd fd, Endpoint peer, std::shared_ptr<Listener> listener,
                           Gate::Ticket ticket) {
  if (loop->is_stopping) return;
  std::string id = fmt::format("{}-{}", listener->options.name, next_id.fetch_add(1, std::memory_order_relaxed));
  TlsContexts* contexts = listener->options.tls == TlsMode::none ? nullptr : &tls;
  auto connection = std::make_shared<Connection>(loop, std::move(fd), std::move(peer), std::move(id), contexts);
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

Task<void> Runtime::State::repeat(std::chrono::seconds period, std::function<void()> action) {
  LoopTimer timer(loops.front()->io);
  boost::system::error_code failed;
  timers.push_back(&timer);
  while (!is_stopping) {
    timer.expires_after(period);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    if (is_stopping) break;
    action();
  }
  std::erase(timers, &timer);
}

void Runtime::State::on_loops(const std::function<void(Loop&)>& action) {
  for (auto& loop : loops) asio::post(loop->io, [&loop = *loop, action] { action(loop); });
}

Runtime::Runtime(std::size_t threads, TlsContexts& tls, Limits& limits) {
  ignore_sigpipe();
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  state_ = std::make_unique<State>(threads, tls, limits);
}

Runtime::~Runtime() { stop(milliseconds(0)); }

Result<std::vector<Endpoint>> Runtime::listen(const ListenerOptions& options, Session session, std::string refusal) {
  if (state_->is_stopping) return fail(Errc::unavailable, "The server is stopping.");
  if (options.tls == TlsMode::implicit && !state_->tls.has_certificate())
    return fail(Errc::invalid,
                fmt::format("The listener {} needs a certificate, and none is configured.", options.name));
  Loop& loop = *state_->loops.front();
  std::vector<std::shared_ptr<Acceptor>> acceptors;
  std::vector<Endpoint> out;
  for (Endpoint endpoint : options.endpoints) {
    TRY(Fd fd, open_listener(endpoint, options.unix_mode));
    acceptors.push_back(std::make_shared<Acceptor>(loop, std::move(fd), endpoint));
    out.push_back(std::move(endpoint));
  }
  auto listener = std::make_shared<Listener>(options, std::move(session), std::move(refusal));
  for (auto& acceptor : acceptors) {
    log::info("listening", {{"listener", options.name}, {"endpoint", to_string(acceptor->at)}});
    asio::post(loop.io, [s = state_.get(), acceptor, listener, ticket = Gate::Ticket(state_->tasks)]() mutable {
      s->acceptors.push_back(acceptor);
      Loop& first = *s->loops.front();
      s->spawn(first, s->accept_loop(std::move(acceptor), std::move(listener)), std::move(ticket));
    });
  }
  return out;
}

void Runtime::every(std::chrono::seconds period, std::function<void()> action) {
  asio::post(state_->loops.front()->io,
             [s = state_.get(), period, action = std::move(action), ticket = Gate::Ticket(state_->tasks)]() mutable {
               s->spawn(*s->loops.front(), s->repeat(period, std::move(action)), std::move(ticket));
             });
}

void Runtime::stop(milliseconds grace) {
  std::lock_guard lock(state_->stop_mutex);
  State& state = *state_;
  if (state.threads.empty()) return;
  state.is_stopping = true;
  asio::post(state.loops.front()->io, [&state] {
    for (auto& weak : state.acceptors)
      if (auto acceptor = weak.lock()) {
        acceptor->socket.close();
        acceptor->backoff.cancel();
      }
    for (LoopTimer* timer : state.timers) timer->cancel();
  });
  state.tasks.wait_empty(std::chrono::hours(1));
  state.on_loops([](Loop& loop) {
    loop.is_stopping = true;
    for (Connection* connection : loop.connections) connection->cancel_reads();
  });
  if (!state.sessions.wait_empty(grace)) {
    log::warn("stop.closing", {{"sessions", state.sessions.count()}});
    state.on_loops([](Loop& loop) {
      for (Connection* connection : loop.connections) connection->close();
    });
    // A session that is in a commit on a worker refers to it: it cannot be given up, only waited for.
    while (!state.sessions.wait_empty(std::chrono::seconds(5)))
      log::warn("stop.waiting", {{"sessions", state.sessions.count()}});
  }
  for (auto& guard : state.guards) guard.reset();
  for (auto& loop : state.loops) loop->io.stop();
  for (std::thread& thread : state.threads) thread.join();
  state.threads.clear();
}

std::size_t Runtime::sessions() const { return state_->sessions.count(); }

}  // namespace kontor::net
