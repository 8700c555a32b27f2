// SPDX-License-Identifier: AGPL-3.0-or-later
// The inside of Runtime: its loops, its listeners, and what happens to a connection from accept to end. Accepting is in
// accept.cc, a connection's way in conversation.cc, starting and stopping in runtime.cc.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "net/connection.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/runtime.h"
#include "net/sockets.h"

namespace kontor::net {

using LoopExecutor = boost::asio::io_context::executor_type;
using LoopTimer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
using WaitableSocket = boost::asio::posix::basic_stream_descriptor<LoopExecutor>;

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

struct Runtime::State {
  State(std::size_t count, TlsContexts& tls_, Limits& limits_);

  // The one place where coroutines start. `task` must not throw; `ticket` is given back at its end.
  static void spawn(Loop& loop, Task<void> task, Gate::Ticket ticket);

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
  std::vector<boost::asio::executor_work_guard<LoopExecutor>> guards;
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

}  // namespace kontor::net
