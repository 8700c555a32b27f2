// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "migrate/report_page.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kBarLines = 20;
constexpr auto kBetweenLines = std::chrono::seconds(30);
constexpr auto kBetweenPages = std::chrono::seconds(10);
constexpr const char* kPhases[] = {"waiting", "listing", "copying", "done", "failed", "retrying"};

std::string bar_line(const SourceAccount& account, const Progress& progress) {
  const auto total = progress.total.load(), done = std::min(progress.done.load(), total);
  const int phase = progress.phase;
  const std::size_t width = 24;
  const auto filled = phase == 3 ? width : total == 0 ? 0 : static_cast<std::size_t>(done * width / total);
  return fmt::format("{:<30.30} [{}{}] {:>8}/{:<8} {:>7} MiB {}", account.address, std::string(filled, '#'),
                     std::string(width - filled, '.'), done, total, progress.bytes.load() >> 20,
                     kPhases[std::clamp(phase, 0, 5)]);
}

}  // namespace

Display::Display(const RunReport& report, const std::vector<SourceAccount>& accounts,
                 const std::deque<Progress>& progress, const Showing& showing)
    : report_(report),
      accounts_(accounts),
      progress_(progress),
      showing_(showing),
      is_terminal_(::isatty(2) == 1),
      next_line_(std::chrono::steady_clock::now() + kBetweenLines) {
  if (showing.on_terminal || !showing.page.empty()) thread_ = std::thread([this] { loop(); });
}

Display::~Display() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Display::loop() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::milliseconds(250), [this] { return ended_; })) show();
  if (showing_.on_terminal && is_terminal_) draw_bars();
}

void Display::show() {
  const auto now = std::chrono::steady_clock::now();
  if (showing_.on_terminal && is_terminal_) draw_bars();
  if (showing_.on_terminal && !is_terminal_ && now >= next_line_) {
    next_line_ = now + kBetweenLines;
    fmt::print(stderr, "{}\n", summary());
  }
  if (!showing_.page.empty() && now >= next_page_) {
    next_page_ = now + kBetweenPages;
    // The last page is the one that must not fail.
    (void)write_page(showing_.page, progress_page(report_, accounts_, progress_));
  }
}

// Accounts at work first; then as many of the others as fit.
void Display::draw_bars() {
  std::string out = lines_drawn_ > 0 ? fmt::format("\x1b[{}A", lines_drawn_) : std::string();
  std::size_t lines = 0;
  for (const bool active : {true, false}) {
    for (std::size_t i = 0; i < accounts_.size() && lines < kBarLines; ++i) {
      const int phase = progress_[i].phase;
      if ((phase == 1 || phase == 2 || phase == 5) != active) continue;
      out += "\x1b[2K" + bar_line(accounts_[i], progress_[i]) + "\n";
      ++lines;
    }
  }
  out += "\x1b[2K" + summary() + "\n";
  lines_drawn_ = std::max(lines + 1, lines_drawn_);
  fmt::print(stderr, "{}", out);
}

std::string Display::summary() const {
  std::uint64_t done = 0, total = 0, bytes = 0, finished = 0, failed = 0;
  for (const auto& one : progress_) {
    done += one.done;
    total += one.total;
    bytes += one.bytes;
    finished += one.phase == 3 ? 1 : 0;
    failed += one.phase == 4 ? 1 : 0;
  }
  return fmt::format("{} of {} accounts done, {} failed; {} of {} items, {} MiB read", finished, accounts_.size(),
                     failed, done, total, bytes >> 20);
}

}  // namespace kontor::migrate
