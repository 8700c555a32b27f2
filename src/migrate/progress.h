// SPDX-License-Identifier: AGPL-3.0-or-later
// Shows how far a run is, on standard error: a bar for each account on a terminal, a line every half minute elsewhere;
// and in the page of its report, every ten seconds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "migrate/pass.h"

namespace kontor::migrate {

struct Showing {
  bool on_terminal = true;  // standard error, whatever it is
  std::string page;         // its name without ".html"; empty = none
};

// Draws from construction to destruction, on a thread of its own. All arguments outlive it; of the report its head is
// read.
class Display {
 public:
  Display(const RunReport& report, const std::vector<SourceAccount>& accounts, const std::deque<Progress>& progress,
          const Showing& showing);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

 private:
  void loop();
  void show();
  void draw_bars();
  std::string summary() const;

  const RunReport& report_;
  const std::vector<SourceAccount>& accounts_;
  const std::deque<Progress>& progress_;
  const Showing showing_;
  const bool is_terminal_;
  std::chrono::steady_clock::time_point next_line_, next_page_;
  std::size_t lines_drawn_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace kontor::migrate
