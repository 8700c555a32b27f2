// SPDX-License-Identifier: AGPL-3.0-or-later
// A bounded pool of threads for work that blocks: store commits, password hashing, large parses.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace kontor {

class Workers {
 public:
  // Starts `threads` threads. The destructor calls finish().
  explicit Workers(std::size_t threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `job` on one of the threads, in order of arrival. `job` must not throw. Thread-safe.
  void post(std::move_only_function<void()> job);

  // Runs what is queued, also what that posts, and ends the threads. No effect the second time. Nothing may be posted
  // from elsewhere any more. Not from one of the threads, and from one thread at a time.
  void finish();

  // How many were started.
  std::size_t threads() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor
