// SPDX-License-Identifier: AGPL-3.0-or-later
// Shows how far a run is, on standard error: a bar for each account on a terminal, a line every half minute elsewhere.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "migrate/pass.h"

namespace kontor::migrate {

// Draws from construction to destruction, on a thread of its own.
class Display {
 public:
  Display(const std::vector<SourceAccount>& accounts, const std::deque<Progress>& progress, bool shown);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

 private:
  void loop();
  void draw_bars();
  std::string summary() const;

  const std::vector<SourceAccount>& accounts_;
  const std::deque<Progress>& progress_;
  const bool is_terminal_;
  std::size_t lines_drawn_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace kontor::migrate
