// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/logical_lines.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::lines {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

// Whether a value of vCard 2.1 goes on behind a "=" at its line's end (RFC 2045 section 6.7).
bool is_quoted_printable(std::string_view line) {
  std::size_t from = line.find_first_of(";:");
  while (from < line.size() && line[from] == ';') {
    std::size_t end = from + 1;
    for (bool inside = false; end < line.size() && (inside || (line[end] != ';' && line[end] != ':')); ++end)
      if (line[end] == '"') inside = !inside;
    const std::string_view parameter = line.substr(from + 1, end - from - 1);
    if (parameter.size() <= 26 &&
        (iequals(parameter, "QUOTED-PRINTABLE") || iequals(parameter, "ENCODING=QUOTED-PRINTABLE")))
      return end < line.size();
    from = end;
  }
  return false;
}

}  // namespace

LogicalLines::LogicalLines(std::string_view text) : text_(text), end_(text.contains('\n') ? '\n' : '\r') {}

std::string_view LogicalLines::physical() {
  const std::size_t end = std::min(text_.find(end_, at_), text_.size());
  std::string_view line = text_.substr(at_, end - at_);
  at_ = std::min(end + 1, text_.size());
  ++physical_;
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool LogicalLines::continues() const { return at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t'); }

std::optional<std::string_view> LogicalLines::next() {
  while (at_ < text_.size()) {
    std::string_view line = physical();
    number_ = physical_;
    last_width_ = line.size();
    bool quoted = line.ends_with('=') && is_quoted_printable(line);
    if (!continues() && !quoted) {
      if (line.empty()) continue;
      return line;
    }
    joined_.assign(line);
    while (at_ < text_.size()) {
      const bool soft = joined_.ends_with('=') && (quoted = quoted || is_quoted_printable(joined_));
      if (!soft && !continues()) break;
      if (soft) joined_.pop_back();
      std::string_view more = physical();
      last_width_ = more.size();
      if (!soft) more.remove_prefix(1);
      joined_ += more;
    }
    if (!joined_.empty()) return joined_;
  }
  return std::nullopt;
}

bool is_content_line(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && is_name_char(line[at])) ++at;
  if (at == 0) return false;
  while (at < line.size() && line[at] == ' ') ++at;
  if (at == line.size()) return false;
  return line[at] == ':' || (line[at] == ';' && line.find(':', at) != std::string_view::npos);
}

}  // namespace kontor::lines
