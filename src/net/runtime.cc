// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/runtime.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

#include "base/log.h"
#include "net/runtime_state.h"

namespace kontor::net {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

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

Runtime::State::State(std::size_t count, TlsContexts& tls_, Limits& limits_) : tls(tls_), limits(limits_) {
  for (std::size_t i = 0; i < count; ++i) {
    loops.push_back(std::make_shared<Loop>());
    guards.push_back(asio::make_work_guard(loops.back()->io));
  }
  for (auto& loop : loops) threads.emplace_back([&loop = *loop] { run_loop(loop); });
}

void Runtime::State::spawn(Loop& loop, Task<void> task, Gate::Ticket ticket) {
  asio::co_spawn(loop.io, std::move(task), [held = std::move(ticket)](std::exception_ptr thrown) {
    if (thrown) log::error("task.failed");
  });
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
