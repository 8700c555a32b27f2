// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/config.h"

namespace kontor::config {
namespace {

struct Quantity {
  std::uint64_t count = 0;
  std::string unit;  // lower case
};

// Digits, perhaps blanks, a unit.
Result<Quantity> split_quantity(std::string_view text, std::string_view example) {
  std::uint64_t count = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range) return fail(Errc::invalid, fmt::format("\"{}\" is too large", text));
  if (error != std::errc())
    return fail(Errc::invalid, fmt::format("\"{}\" is not a number with a unit, like {}", text, example));
  std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return Quantity{count, to_lower(unit)};
}

struct SizeUnit {
  std::string_view name;
  int shift;
};
constexpr std::array<SizeUnit, 5> kSizeUnits = {{{"T", 40}, {"G", 30}, {"M", 20}, {"K", 10}, {"", 0}}};

struct TimeUnit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<TimeUnit, 5> kTimeUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  TRY(Quantity quantity, split_quantity(text, "\"5G\" or \"64K\""));
  std::string unit = quantity.unit;
  if (unit.ends_with("ib"))
    unit.resize(unit.size() - 2);
  else if (unit.ends_with('b'))
    unit.resize(unit.size() - 1);
  for (const SizeUnit& known : kSizeUnits) {
    if (unit != to_lower(known.name)) continue;
    if (quantity.count > (kLargest >> known.shift))
      return fail(Errc::invalid, fmt::format("\"{}\" is too large", text));
    return quantity.count << known.shift;
  }
  return fail(Errc::invalid,
              fmt::format("\"{}\" has an unknown unit; sizes end in K, M, G, T or nothing (bytes)", text));
}

std::string format_size(std::uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits)
    if (bytes >> unit.shift != 0 && (bytes >> unit.shift) << unit.shift == bytes)
      return fmt::format("{}{}", bytes >> unit.shift, unit.name);
  return fmt::format("{}", bytes);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  TRY(Quantity quantity, split_quantity(text, "\"30s\" or \"2h\""));
  for (const TimeUnit& known : kTimeUnits) {
    if (quantity.unit != known.name) continue;
    if (quantity.count > kLargest / static_cast<std::uint64_t>(known.milliseconds))
      return fail(Errc::invalid, fmt::format("\"{}\" is too large", text));
    return std::chrono::milliseconds(static_cast<std::int64_t>(quantity.count) * known.milliseconds);
  }
  return fail(Errc::invalid, fmt::format("\"{}\" needs a unit: ms, s, m, h or d", text));
}

std::string format_duration(std::chrono::milliseconds time) {
  for (const TimeUnit& unit : kTimeUnits)
    if (time.count() != 0 && time.count() % unit.milliseconds == 0)
      return fmt::format("{}{}", time.count() / unit.milliseconds, unit.name);
  return "0s";
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: three rows are enough.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace kontor::config
