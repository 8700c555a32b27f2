// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/pop3/command.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace kontor::wire::pop3 {
namespace {

constexpr std::size_t kLongestKeyword = 12;
constexpr std::size_t kLongestUniqueId = 70;

bool is_letter_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Command parse_command(std::string_view line) {
  const auto space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  if (name.empty() || name.size() > kLongestKeyword || !std::ranges::all_of(name, is_letter_or_digit)) return {};
  Command command{to_upper(name), {}};
  if (space != std::string_view::npos) command.args = line.substr(space + 1);
  return command;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<TopArguments> parse_top(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto message = parse_number(text.substr(0, space));
  const auto lines = parse_number(text.substr(space + 1));
  if (!message || !lines) return std::nullopt;
  return TopArguments{*message, *lines};
}

bool is_unique_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestUniqueId &&
         std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e; });
}

}  // namespace kontor::wire::pop3
