// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/logical_lines.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::lines {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool names_quoted_printable(std::string_view parameter) {
  return parameter.size() <= 26 &&
         (iequals(parameter, "QUOTED-PRINTABLE") || iequals(parameter, "ENCODING=QUOTED-PRINTABLE"));
}

// Whether a value of vCard 2.1 goes on behind a "=" at its line's end (RFC 2045 section 6.7). Goes on where it stopped:
// a line of very many pieces is looked at once, not once for each piece.
class QuotedPrintableLine {
 public:
  // `line` begins with what was asked about before.
  bool is_it(std::string_view line) {
    for (; !is_known_ && at_ < line.size(); ++at_) {
      const char c = line[at_];
      const bool is_in_parameter = parameter_ != std::string_view::npos;
      if (is_in_parameter && c == '"') is_quoted_ = !is_quoted_;
      if (is_quoted_ || (c != ';' && c != ':')) continue;
      is_it_ = is_in_parameter && names_quoted_printable(line.substr(parameter_, at_ - parameter_));
      is_known_ = is_it_ || c == ':';
      parameter_ = at_ + 1;
    }
    return is_it_;
  }

 private:
  std::size_t at_ = 0, parameter_ = std::string_view::npos;  // where the parameter begins
  bool is_quoted_ = false, is_known_ = false, is_it_ = false;
};

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
    QuotedPrintableLine kind;
    const bool quoted = line.ends_with('=') && kind.is_it(line);
    if (!continues() && !quoted) {
      if (line.empty()) continue;
      return line;
    }
    joined_.assign(line);
    while (at_ < text_.size()) {
      const bool soft = joined_.ends_with('=') && kind.is_it(joined_);
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
