// SPDX-License-Identifier: AGPL-3.0-or-later
#include "bench/load/message.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iterator>
#include <string_view>

namespace bench {
namespace {

constexpr std::array<std::string_view, 24> kWords = {"the",    "meeting",  "is",      "moved",  "to",      "next",
                                                     "week",   "please",   "confirm", "with",   "Peter",   "invoice",
                                                     "number", "office",   "and",     "thanks", "project", "plan",
                                                     "files",  "attached", "draft",   "review", "by",      "Friday"};
constexpr std::array<std::string_view, 20> kSyllables = {"ba",  "ken", "tor", "mi",  "lun", "dra", "se",
                                                         "pol", "va",  "rin", "ge",  "shu", "fal", "no",
                                                         "cki", "ter", "wo",  "hal", "ju",  "em"};
constexpr unsigned kRareWords = 8000;

// A small generator: the same on every machine.
class Dice {
 public:
  explicit Dice(unsigned seed) : state_(seed * 2654435761U + 1) {}
  unsigned roll(unsigned sides) {
    state_ = state_ * 1103515245U + 12345U;
    return (state_ >> 16) % sides;
  }
  unsigned state() const { return state_; }

 private:
  unsigned state_;
};

// Of 8,000 words, the first ones by far the most often, as in any language.
std::string rare_word(Dice& dice) {
  const unsigned long long a = dice.roll(1000), b = dice.roll(1000);
  auto pick = static_cast<unsigned>(a * b * kRareWords / 1'000'000);
  std::string word;
  do {
    word += kSyllables[pick % kSyllables.size()];
    pick /= kSyllables.size();
  } while (pick > 0);
  return word;
}

std::chrono::sys_seconds date_of(unsigned number) {
  constexpr std::chrono::sys_days kFirst = std::chrono::year(2008) / 1 / 1;
  return kFirst + std::chrono::days(number / 40 % 6500) + std::chrono::seconds(number % 40 * 1900);
}

std::string print_date(unsigned number, std::string_view form) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto at = date_of(number);
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format(fmt::runtime(form), static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string header(unsigned number) {
  Dice dice(number / 3);  // a thread is three messages
  std::string subject;
  for (int i = 0; i < 4; ++i) subject += std::string(kWords[dice.roll(kWords.size())]) + " ";
  const unsigned first = number - number % 3;
  std::string references;
  for (unsigned i = first; i < number; ++i) references += fmt::format(" <load-{}@example.com>", i);
  if (!references.empty()) references = "References:" + references + "\r\n";
  return fmt::format(
      "From: Sender {0} <sender{0}@example.com>\r\nTo: Someone <someone@example.org>\r\nSubject: {1}{2}{3}\r\n"
      "Date: {4}\r\nMessage-ID: <load-{5}@example.com>\r\n{6}MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\n",
      number % 211, number == first ? "" : "Re: ", subject, first,
      print_date(number, "{:02} {} {:04} {:02}:{:02}:{:02} +0200"), number, references);
}

}  // namespace

std::string message_of_size(std::size_t bytes, unsigned number) {
  std::string out = header(number);
  out += fmt::format("needle{} {}\r\n", number, number % 100 == 7 ? "zebra" : "horse");
  Dice dice(number);
  std::size_t column = 0;
  while (out.size() < bytes) {
    const std::size_t begin = out.size();
    if (const unsigned pick = dice.roll(100); pick < 40)
      out += kWords[pick % kWords.size()];
    else if (pick < 98)
      out += rare_word(dice);
    else
      out += fmt::format("{:x}", dice.state());
    column += out.size() - begin + 1;
    out += column > 70 ? "\r\n" : " ";
    if (column > 70) column = 0;
  }
  out += "\r\n";
  return out;
}

std::string message(std::size_t bytes, unsigned number) {
  return message_of_size(number % 10 == 3 ? bytes * 5 : bytes * 5 / 9, number);
}

std::string flags_and_date(unsigned number) {
  std::string flags;
  if (number % 20 != 0) flags += "\\Seen";
  if (number % 50 == 0) flags += flags.empty() ? "\\Flagged" : " \\Flagged";
  return "(" + flags + ") " + print_date(number, "\"{:02}-{}-{:04} {:02}:{:02}:{:02} +0200\"");
}

}  // namespace bench
