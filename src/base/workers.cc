// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace kontor {

struct Workers::State {
  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || !jobs.empty(); });
      if (jobs.empty()) return;
      std::move_only_function<void()> job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::move_only_function<void()>> jobs;
  bool stopping = false;
  std::vector<std::thread> threads;
  std::size_t count = 0;
};

Workers::Workers(std::size_t threads) : state_(std::make_unique<State>()) {
  state_->count = threads;
  for (std::size_t i = 0; i < threads; ++i) state_->threads.emplace_back([s = state_.get()] { s->run(); });
}

Workers::~Workers() { finish(); }

void Workers::finish() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
}

void Workers::post(std::move_only_function<void()> job) {
  {
    std::lock_guard lock(state_->mutex);
    state_->jobs.push_back(std::move(job));
  }
  state_->wake.notify_one();
}

std::size_t Workers::threads() const { return state_->count; }

}  // namespace kontor
