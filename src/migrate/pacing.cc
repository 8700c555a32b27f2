// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/pacing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace kontor::migrate {
namespace {

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int> clock_minutes(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2));
  const auto minute = number(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return *hour * 60 + *minute;
}

}  // namespace

void Stop::set() {
  const std::lock_guard lock(mutex_);
  set_ = true;
  changed_.notify_all();
}

bool Stop::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return set_.load(); });
}

void Bandwidth::take(std::uint64_t bytes, Stop& stop) {
  if (rate_ == 0) return;
  using std::chrono::steady_clock;
  steady_clock::duration wait{};
  {
    const std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    // A pause earns at most a quarter of a second's worth.
    free_at_ = std::max(free_at_, now - std::chrono::milliseconds(250));
    free_at_ += std::chrono::nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(bytes) / static_cast<double>(rate_) * 1e9));
    wait = free_at_ - now;
  }
  if (wait > wait.zero()) stop.wait(std::chrono::ceil<std::chrono::milliseconds>(wait));
}

Result<Window> parse_window(std::string_view text) {
  const auto dash = text.find('-');
  const auto from = clock_minutes(text.substr(0, dash));
  const auto to = dash == std::string_view::npos ? std::nullopt : clock_minutes(text.substr(dash + 1));
  if (!from || !to || *from == *to) return fail(Errc::invalid, "a window looks like 22:00-06:00");
  return Window{*from, *to};
}

int minute_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  return parts.tm_hour * 60 + parts.tm_min;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  int shift = -1;
  if (unit.empty()) shift = 0;
  if (unit == "k" || unit == "K") shift = 10;
  if (unit == "M" || unit == "m") shift = 20;
  if (unit == "G" || unit == "g") shift = 30;
  if (error != std::errc() || shift < 0 || value > (UINT64_MAX >> shift)) {
    return fail(Errc::invalid, fmt::format("\"{}\" is no size; write 900, 512k, 10M or 1G", text));
  }
  return value << shift;
}

std::uint64_t segment_size(std::uint64_t bytes, std::chrono::steady_clock::duration took) {
  constexpr double kSeconds = 30;
  const std::chrono::duration<double> seconds = took;
  const double fits = static_cast<double>(bytes) * kSeconds / std::max(seconds.count(), 0.001);
  return static_cast<std::uint64_t>(std::clamp(fits, 1024.0 * 1024, 16.0 * 1024 * 1024));
}

std::chrono::milliseconds back_off(int attempt, std::uint64_t random) {
  const std::int64_t longest = 15 * 60 * 1000;
  const std::int64_t full = std::min<std::int64_t>(longest, std::int64_t{1000} << std::clamp(attempt - 1, 0, 20));
  return std::chrono::milliseconds(full / 2 +
                                   static_cast<std::int64_t>(random % static_cast<std::uint64_t>(full / 2 + 1)));
}

}  // namespace kontor::migrate
