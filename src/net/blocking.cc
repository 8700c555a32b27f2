// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/blocking.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kontor::net {

namespace asio = boost::asio;

Task<void> run_on(Workers& workers, std::move_only_function<void()> job) {
  auto executor = co_await asio::this_coro::executor;
  auto start = [&workers, &job, executor](auto resume) {
    // The executor is kept busy until the coroutine is back: its loop must not end in between.
    workers.post([job = std::move(job), resume = std::move(resume),
                  work = asio::prefer(executor, asio::execution::outstanding_work.tracked)]() mutable {
      job();
      job = nullptr;
      asio::post(work, std::move(resume));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, asio::use_awaitable);
}

Task<void> yield() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

}  // namespace kontor::net
