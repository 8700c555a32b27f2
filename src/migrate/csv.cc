// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/csv.h"

#include <fmt/format.h>

namespace kontor::migrate {
namespace {

// One line of a CSV file into fields; `text` loses it. Quoted fields may hold line ends.
std::vector<std::string> take_csv_line(std::string_view& text, char separator, bool& is_closed) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        fields.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        fields.back() += text[i++];
      else
        quoted = false;
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == separator) {
      fields.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  is_closed = !quoted;
  text.remove_prefix(std::min(i + 1, text.size()));
  return fields;
}

}  // namespace

Result<std::vector<CsvLine>> parse_csv(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto first_line = text.substr(0, text.find('\n'));
  const char separator =
      first_line.find(',') == std::string_view::npos && first_line.find(';') != std::string_view::npos ? ';' : ',';
  std::vector<CsvLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    bool is_closed = true;
    auto fields = take_csv_line(text, separator, is_closed);
    if (!is_closed) return fail(Errc::invalid, fmt::format("line {}: a quoted field does not end", number));
    if (fields.size() == 1 && fields[0].find_first_not_of(" \t") == std::string::npos) continue;
    lines.push_back({number, std::move(fields)});
  }
  return lines;
}

}  // namespace kontor::migrate
