// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace kontor::transport {
namespace {

// Shared with the posted jobs: one that starts late finds nothing to do, after `job` is gone.
struct Share {
  void take() {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      (*job)(i);
      std::lock_guard lock(mutex);
      if (++done == count) all_done.notify_all();
    }
  }

  std::size_t count = 0;
  const std::function<void(std::size_t)>* job = nullptr;
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::condition_variable all_done;
  std::size_t done = 0;
};

}  // namespace

void parallel_each(Workers& workers, std::size_t count, const std::function<void(std::size_t)>& job) {
  if (count == 0) return;
  auto share = std::make_shared<Share>();
  share->count = count;
  share->job = &job;
  std::size_t others = std::min(count, workers.threads()) - 1;
  for (std::size_t i = 0; i < others; ++i) workers.post([share] { share->take(); });
  share->take();
  std::unique_lock lock(share->mutex);
  share->all_done.wait(lock, [&] { return share->done == count; });
}

}  // namespace kontor::transport
