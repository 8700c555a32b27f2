// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace kontor {
namespace {

// A thread that waits sleeps on a condition of its own and is handed its job: nobody contends for a lock when it wakes.
struct Sleeper {
  void hand(std::move_only_function<void()> given) {
    {
      std::lock_guard lock(mutex);
      job = std::move(given);
      is_awake = true;
    }
    wake.notify_one();
  }
  std::move_only_function<void()> sleep() {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return is_awake; });
    is_awake = false;
    return std::move(job);
  }

  std::mutex mutex;
  std::condition_variable wake;
  std::move_only_function<void()> job;
  bool is_awake = false;
};

}  // namespace

struct Workers::State {
  void run(Sleeper& self) {
    for (;;) {
      std::move_only_function<void()> job;
      {
        std::unique_lock lock(mutex);
        if (!jobs.empty()) {
          job = std::move(jobs.front());
          jobs.pop_front();
        } else if (stopping) {
          return;
        } else {
          idle.push_back(&self);
        }
      }
      if (!job) job = self.sleep();
      if (job) job();
    }
  }

  std::mutex mutex;
  std::deque<std::move_only_function<void()>> jobs;  // empty while anyone is idle
  std::deque<Sleeper> sleepers;                      // one per thread
  std::vector<Sleeper*> idle;                        // the one that worked last is woken first: its caches are warm
  bool stopping = false;
  std::vector<std::thread> threads;
  std::size_t count = 0;
};

Workers::Workers(std::size_t threads) : state_(std::make_unique<State>()) {
  state_->count = threads;
  for (std::size_t i = 0; i < threads; ++i)
    state_->threads.emplace_back([s = state_.get(), self = &state_->sleepers.emplace_back()] { s->run(*self); });
}

Workers::~Workers() { finish(); }

void Workers::finish() {
  std::vector<Sleeper*> idle;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    idle.swap(state_->idle);
  }
  for (Sleeper* sleeper : idle) sleeper->hand(nullptr);
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
}

void Workers::post(std::move_only_function<void()> job) {
  Sleeper* sleeper = nullptr;
  {
    std::lock_guard lock(state_->mutex);
    if (state_->idle.empty()) {
      state_->jobs.push_back(std::move(job));
      return;
    }
    sleeper = state_->idle.back();
    state_->idle.pop_back();
  }
  sleeper->hand(std::move(job));
}

std::size_t Workers::threads() const { return state_->count; }

}  // namespace kontor
