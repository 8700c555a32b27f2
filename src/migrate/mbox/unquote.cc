// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mbox/unquote.h"

#include <algorithm>
#include <utility>

namespace kontor::migrate {
namespace {

constexpr std::string_view kFrom = "From ";
constexpr std::size_t kMostMarks = 256;  // a longer row of ">" is a drawing

}  // namespace

bool is_quoted_from(std::string_view line) {
  const auto marks = std::min(line.find_first_not_of('>'), line.size());
  return marks > 0 && line.substr(marks).starts_with(kFrom);
}

Result<void> FromUnquoter::write(std::string_view piece) {
  while (!piece.empty()) {
    if (!at_start_) {
      const auto end = piece.find('\n');
      const auto count = end == std::string_view::npos ? piece.size() : end + 1;
      out_.append(piece.substr(0, count));
      at_start_ = end != std::string_view::npos;
      piece.remove_prefix(count);
      continue;
    }
    held_ += piece.front();
    piece.remove_prefix(1);
    const auto marks = std::min(held_.find_first_not_of('>'), held_.size());
    const auto rest = std::string_view(held_).substr(marks);
    if (marks < kMostMarks && rest.size() < kFrom.size() && kFrom.starts_with(rest)) continue;
    if (is_quoted_from(held_)) held_.erase(0, 1);
    at_start_ = held_.ends_with('\n');
    out_ += std::exchange(held_, {});
  }
  if (out_.empty()) return {};
  return take_(std::exchange(out_, {}));
}

Result<void> FromUnquoter::finish() {
  if (held_.empty()) return {};
  return take_(std::exchange(held_, {}));
}

}  // namespace kontor::migrate
