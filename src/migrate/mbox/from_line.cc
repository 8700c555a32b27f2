// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mbox/from_line.h"

#include <array>
#include <charconv>
#include <chrono>
#include <vector>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLongestLine = 1024;

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto start = text.find_first_not_of(" \t", i);
    if (start == std::string_view::npos) break;
    const auto end = std::min(text.find_first_of(" \t", start), text.size());
    out.push_back(text.substr(start, end - start));
    i = end;
  }
  return out;
}

template <std::size_t N>
unsigned name_index(const std::array<std::string_view, N>& names, std::string_view word) {
  for (unsigned i = 0; i < N; ++i)
    if (iequals(names[i], word)) return i + 1;
  return 0;
}

unsigned month_of(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return name_index(kMonths, word);
}

bool is_weekday(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  if (word.ends_with(',')) word.remove_suffix(1);
  return name_index(kDays, word) != 0;
}

std::optional<int> date_number(std::string_view text, std::size_t shortest, std::size_t longest) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.size() < shortest || text.size() > longest || text.front() == '-' || error != std::errc{})
    return std::nullopt;
  return end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// "1:05", "01:05:34".
std::optional<std::chrono::seconds> time_of_day(std::string_view word) {
  const auto first = word.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = word.find(':', first + 1);
  const auto hours = date_number(word.substr(0, first), 1, 2);
  const auto minutes =
      date_number(word.substr(first + 1, second == std::string_view::npos ? second : second - first - 1), 2, 2);
  const auto seconds = second == std::string_view::npos ? std::optional(0) : date_number(word.substr(second + 1), 2, 2);
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
}

std::optional<std::int16_t> numeric_zone(std::string_view word) {
  if (word.size() != 5 || (word.front() != '+' && word.front() != '-')) return std::nullopt;
  const auto digits = date_number(word.substr(1), 4, 4);
  if (!digits || *digits % 100 > 59 || *digits > 1400) return std::nullopt;
  const int minutes = *digits / 100 * 60 + *digits % 100;
  return static_cast<std::int16_t>(word.front() == '-' ? -minutes : minutes);
}

// words[at] is a month, followed by day, time and year, with zones before or behind the year.
std::optional<InternalDate> date_at(const std::vector<std::string_view>& words, std::size_t at) {
  if (at + 3 >= words.size()) return std::nullopt;
  const auto day = date_number(words[at + 1], 1, 2);
  const auto time = time_of_day(words[at + 2]);
  if (!day || !time) return std::nullopt;
  std::optional<int> year;
  std::int16_t zone = 0;
  for (std::size_t i = at + 3; i < words.size() && i < at + 7; ++i) {
    if (!year) year = date_number(words[i], 4, 4);
    if (const auto stated = numeric_zone(words[i])) zone = *stated;
  }
  if (!year) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(month_of(words[at])),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return InternalDate(std::chrono::sys_days(date) + *time - std::chrono::minutes(zone), zone);
}

}  // namespace

std::optional<FromLine> parse_from_line(std::string_view line) {
  if (!line.starts_with("From ") || line.size() > kLongestLine) return std::nullopt;
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto rest = line.substr(5);
  const auto words = split_words(rest);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (month_of(words[i]) == 0) continue;
    const auto date = date_at(words, i);
    if (!date) continue;
    FromLine from;
    from.date = *date;
    const auto* sender_end = i > 0 && is_weekday(words[i - 1]) ? words[i - 1].data() : words[i].data();
    auto sender = rest.substr(0, static_cast<std::size_t>(sender_end - rest.data()));
    while (sender.ends_with(' ') || sender.ends_with('\t')) sender.remove_suffix(1);
    from.sender = std::string(sender);
    return from;
  }
  return std::nullopt;
}

}  // namespace kontor::migrate
