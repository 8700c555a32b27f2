// SPDX-License-Identifier: AGPL-3.0-or-later
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <system_error>

#include "base/log.h"
#include "net/runtime_state.h"

namespace kontor::net {
namespace {

namespace asio = boost::asio;

constexpr unsigned kAcceptBurst = 16;

}  // namespace

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
  asio::post(loop->io,
             [this, loop, fd = std::move(fd), peer, listener = listener, ticket = Gate::Ticket(sessions)]() mutable {
               start(loop, std::move(fd), peer, std::move(listener), std::move(ticket));
             });
}

}  // namespace kontor::net
