// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/booking_policy.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "base/bytes.h"

namespace kontor::directory {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::pair<BookingPolicy::Answer, std::string_view> kAnswers[] = {
    {BookingPolicy::Answer::automatic, "automatic"},
    {BookingPolicy::Answer::by_approval, "approval"},
    {BookingPolicy::Answer::manual, "manual"}};
constexpr int kDayMinutes = 24 * 60;

std::optional<unsigned> day_of(std::string_view text) {
  for (unsigned day = 0; day < kDays.size(); ++day)
    if (iequals(text, kDays[day])) return day;
  return std::nullopt;
}

std::optional<int> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  int hour = 0;
  int minute = 0;
  const auto read = [](std::string_view digits, int& into) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (!read(text.substr(0, 2), hour) || !read(text.substr(3), minute) || hour < 0 || minute < 0 || minute > 59)
    return std::nullopt;
  const int out = hour * 60 + minute;
  return out > kDayMinutes ? std::nullopt : std::optional(out);
}

}  // namespace

std::string_view name(BookingPolicy::Answer answer) {
  for (const auto& [known, text] : kAnswers)
    if (known == answer) return text;
  return {};
}

std::optional<BookingPolicy::Answer> parse_booking_answer(std::string_view text) {
  for (const auto& [answer, known] : kAnswers)
    if (iequals(text, known)) return answer;
  return std::nullopt;
}

Result<BookingPolicy::Hours> parse_hours(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::invalid, fmt::format("\"{}\" are no hours; they are like \"mon-fri 08:00-18:00\"", text));
  };
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return wrong();
  const std::string_view days = text.substr(0, blank);
  const std::string_view times = text.substr(blank + 1);
  const auto dash = days.find('-');
  const auto first = day_of(days.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : day_of(days.substr(dash + 1));
  const auto middle = times.find('-');
  const auto from = minute_of(times.substr(0, middle));
  const auto to = middle == std::string_view::npos ? std::nullopt : minute_of(times.substr(middle + 1));
  if (!first || !last || !from || !to || *from >= *to) return wrong();
  BookingPolicy::Hours out;
  out.from = static_cast<std::uint16_t>(*from);
  out.to = static_cast<std::uint16_t>(*to);
  // "fri-mon" goes over the week's end.
  for (unsigned day = *first;; day = (day + 1) % 7) {
    out.days = static_cast<std::uint8_t>(out.days | 1U << day);
    if (day == *last) return out;
  }
}

std::string print(const BookingPolicy::Hours& hours) {
  unsigned first = 0;
  const auto has = [&](unsigned day) { return (hours.days >> (day % 7) & 1) != 0; };
  if ((hours.days & 0x7f) != 0x7f)
    while (first < 7 && !(has(first) && !has(first + 6))) ++first;
  unsigned last = first;
  while (last - first < 6 && has(last + 1)) ++last;
  std::string days(kDays[first % 7]);
  if (last != first) days += "-" + std::string(kDays[last % 7]);
  return fmt::format("{} {:02}:{:02}-{:02}:{:02}", days, hours.from / 60, hours.from % 60, hours.to / 60,
                     hours.to % 60);
}

}  // namespace kontor::directory
