// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace kontor::app {
namespace {

namespace json = boost::json;

// Columns on a terminal, about: code points, which is right for names in Latin, Greek or Cyrillic letters.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t to, bool right) {
  std::string room(to - std::min(to, width(text)), ' ');
  return right ? room + text : text + room;
}

std::string size_cell(const json::value* value) {
  if (!value || value->is_null()) return "-";
  std::uint64_t bytes =
      value->is_uint64() ? value->get_uint64() : static_cast<std::uint64_t>(value->to_number<std::int64_t>());
  return human_size(bytes);
}

}  // namespace

std::string human_size(std::uint64_t bytes) {
  static constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < std::size(kUnits)) amount /= 1024, ++unit;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string cell(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "-";
    case json::kind::bool_:
      return value.get_bool() ? "yes" : "no";
    case json::kind::string:
      return value.get_string().empty() ? "-" : std::string(value.get_string());
    case json::kind::array: {
      std::string out;
      for (const json::value& element : value.get_array()) out += (out.empty() ? "" : " ") + cell(element);
      return out.empty() ? "-" : out;
    }
    case json::kind::object: {
      std::string out;
      for (const auto& pair : value.get_object())
        out += fmt::format("{}{}={}", out.empty() ? "" : " ", std::string_view(pair.key()), cell(pair.value()));
      return out.empty() ? "-" : out;
    }
    default:
      return json::serialize(value);
  }
}

void print_table(const json::value& answer, const std::vector<Column>& columns) {
  std::vector<std::vector<std::string>> rows(1);
  std::vector<std::size_t> widths;
  for (const Column& column : columns) {
    rows[0].push_back(column.title);
    widths.push_back(column.title.size());
  }
  std::vector<bool> right(columns.size(), false);
  for (const json::value& element : answer.as_array()) {
    std::vector<std::string>& row = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const json::value* value = element.as_object().if_contains(columns[i].key);
      row.push_back(columns[i].is_size ? size_cell(value) : value ? cell(*value) : "-");
      widths[i] = std::max(widths[i], width(row.back()));
      if (value && value->is_number()) right[i] = true;
    }
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += padded(row[i], widths[i], right[i]) + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

void print_details(const json::value& object, const std::vector<std::string_view>& sizes) {
  std::size_t widest = 0;
  for (const auto& pair : object.as_object()) widest = std::max(widest, pair.key().size());
  for (const auto& pair : object.as_object()) {
    std::string_view key = pair.key();
    bool is_size = std::find(sizes.begin(), sizes.end(), key) != sizes.end();
    std::string title(key);
    std::replace(title.begin(), title.end(), '_', ' ');
    fmt::print("{}  {}\n", padded(title, widest, false), is_size ? size_cell(&pair.value()) : cell(pair.value()));
  }
}

}  // namespace kontor::app
