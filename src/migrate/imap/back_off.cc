// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/back_off.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

constexpr std::string_view kAgainIn = "; again in ";
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

std::optional<std::chrono::milliseconds> number_after(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(at + words.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" :"), rest.size()));
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  if (error != std::errc{} || count < 0) return std::nullopt;
  return std::min(std::chrono::milliseconds(count), kLongest);
}

}  // namespace

std::optional<std::chrono::milliseconds> read_throttling(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kSigns{"throttle",
                                                          "too many simultaneous",
                                                          "too many connections",
                                                          "maximum number of connections",
                                                          "exceeded command or bandwidth",
                                                          "bandwidth limit",
                                                          "rate limit",
                                                          "server busy",
                                                          "try again later"};
  const auto lower = to_lower(text);
  if (auto time = number_after(lower, "backoff time")) return time;
  const bool is_throttled =
      std::any_of(kSigns.begin(), kSigns.end(), [&](auto sign) { return lower.find(sign) != std::string::npos; });
  if (is_throttled) return std::chrono::milliseconds(0);
  return std::nullopt;
}

std::string with_back_off(std::string_view text, std::chrono::milliseconds time) {
  return fmt::format("{}{}{} ms", text, kAgainIn, time.count());
}

std::optional<std::chrono::milliseconds> read_back_off(std::string_view text) { return number_after(text, kAgainIn); }

}  // namespace kontor::migrate
