// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/slices.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::lines {
namespace {

std::string_view trim_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

// "BEGIN:VCARD", with blanks as some programs leave them.
bool is_border(std::string_view line, std::string_view word, std::string_view name) {
  line = trim_end(line);
  if (line.size() < word.size() + 1 + name.size() || !iequals(line.substr(0, word.size()), word)) return false;
  line.remove_prefix(word.size());
  if (line.front() != ':') return false;
  line.remove_prefix(1);
  while (line.starts_with(' ')) line.remove_prefix(1);
  return iequals(line, name);
}

}  // namespace

std::vector<std::string_view> slices(std::string_view text, std::string_view name) {
  std::vector<std::string_view> out;
  std::size_t depth = 0, begin = 0;
  bool is_value = false;  // the line before was AGENT, the only property of which a card is the value
  const char end_of_line = text.contains('\n') ? '\n' : '\r';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(end_of_line, at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t next = std::min(end + 1, text.size());
    if (is_border(line, "BEGIN", name)) {
      if (depth > 0 && !is_value) {  // its END is missing
        out.push_back(text.substr(begin, at - begin));
        depth = 0;
      }
      if (depth == 0) begin = at;
      ++depth;
    } else if (depth > 0 && is_border(line, "END", name)) {
      if (--depth == 0) out.push_back(text.substr(begin, next - begin));
    }
    is_value = iequals(line.substr(0, 5), "AGENT") && trim_end(line).ends_with(':');
    at = next;
  }
  if (depth > 0) out.push_back(text.substr(begin));
  return out;
}

}  // namespace kontor::lines
