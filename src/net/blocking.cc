// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/blocking.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

#include "net/loop.h"

namespace kontor::net {
namespace {

namespace asio = boost::asio;

// Lets a loop end only after the workers that brought something back have left it: the session may be over, and with it
// the runtime, while the worker that resumed it is still on its way out of asio::post.
class WorkersInside : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit WorkersInside(asio::execution_context& context) : asio::execution_context::service(context) {}

  Gate gate;

 private:
  void shutdown() override {
    while (!gate.wait_empty(std::chrono::hours(1))) {
    }
  }
};
asio::execution_context::id WorkersInside::id;

}  // namespace

Task<void> run_on(Workers& workers, std::move_only_function<void()> job) {
  auto executor = co_await asio::this_coro::executor;
  Gate& gate = asio::use_service<WorkersInside>(asio::query(executor, asio::execution::context)).gate;
  auto start = [&workers, &job, &gate, executor](auto resume) {
    // The executor is kept busy until the coroutine is back: its loop must not end in between. The ticket goes
    // last, with the whole function object.
    workers.post([ticket = Gate::Ticket(gate), job = std::move(job), resume = std::move(resume),
                  work = asio::prefer(executor, asio::execution::outstanding_work.tracked)]() mutable {
      job();
      job = nullptr;
      asio::post(std::exchange(work, {}), std::move(resume));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, asio::use_awaitable);
}

Task<void> yield() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

}  // namespace kontor::net
