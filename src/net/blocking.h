// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs blocking work on the worker pool from a coroutine: `auto r = co_await blocking(workers, [&] { return f(); });`
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/workers.h"
#include "net/task.h"

namespace kontor::net {

// Runs `job` on a worker, destroys it there, then resumes on the coroutine's own executor. `job` must not throw.
Task<void> run_on(Workers& workers, std::move_only_function<void()> job);

// `f` may refer to the caller's locals: the caller waits. What `f` throws is thrown again here. `f` must not touch
// anything that belongs to the executor's thread while it runs.
template <class F>
Task<std::invoke_result_t<F&>> blocking(Workers& workers, F f) {
  using T = std::invoke_result_t<F&>;
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<T>) {
    co_await run_on(workers, [&] {
      try {
        f();
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    if (thrown) std::rethrow_exception(thrown);
  } else {
    std::optional<T> result;
    co_await run_on(workers, [&] {
      try {
        result.emplace(f());
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*result);
  }
}

// Lets others run: for loops that work long without input or output.
Task<void> yield();

}  // namespace kontor::net
