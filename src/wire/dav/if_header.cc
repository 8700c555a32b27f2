// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/if_header.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace kontor::wire::dav {
namespace {

class IfReader {
 public:
  explicit IfReader(std::string_view value) : left_(value) {}

  Parsed<std::vector<IfList>> read() {
    std::vector<IfList> lists;
    std::string resource;
    bool is_tagged = false;
    for (skip_blanks(); !left_.empty(); skip_blanks()) {
      if (left_.front() == '<') {
        if (!lists.empty() && !is_tagged) return refuse("If names a resource behind lists without one.");
        is_tagged = true;
        TRY(resource, bracketed('>'));
        skip_blanks();
      }
      if (!take('(')) return refuse("If has something that is no list.");
      IfList& list = lists.emplace_back();
      list.resource = resource;
      TRY(list.conditions, conditions());
    }
    return lists;
  }

 private:
  void skip_blanks() {
    while (!left_.empty() && (left_.front() == ' ' || left_.front() == '\t')) left_.remove_prefix(1);
  }
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  // Begins at the opening bracket.
  Parsed<std::string> bracketed(char closing) {
    // An ETag's text may have a bracket, between its quotes.
    const auto end = closing == ']' ? left_.find("\"]") + 1 : left_.find(closing);
    if (end == std::string_view::npos || end < 2) return refuse("If has a bracket that is not closed, or empty.");
    std::string inside(left_.substr(1, end - 1));
    left_.remove_prefix(end + 1);
    return inside;
  }

  Parsed<std::vector<IfCondition>> conditions() {
    std::vector<IfCondition> out;
    for (skip_blanks(); !take(')'); skip_blanks()) {
      if (++count_ > kMostIfConditions) return refuse("If has too many conditions.");
      IfCondition& one = out.emplace_back();
      if (iequals(left_.substr(0, 3), "not")) {
        one.is_negated = true;
        left_.remove_prefix(3);
        skip_blanks();
      }
      if (left_.empty()) return refuse("If has a list that is not closed.");
      one.is_etag = left_.front() == '[';
      if (!one.is_etag && left_.front() != '<') return refuse("If has a condition that is neither <token> nor [ETag].");
      TRY(one.text, bracketed(one.is_etag ? ']' : '>'));
    }
    if (out.empty()) return refuse("If has an empty list.");
    return out;
  }

  std::string_view left_;
  std::size_t count_ = 0;
};

}  // namespace

Parsed<std::vector<IfList>> parse_if(std::string_view value) { return IfReader(value).read(); }

bool holds(const std::vector<IfList>& lists,
           const std::function<bool(const std::string&, const IfCondition&)>& is_met) {
  if (lists.empty()) return true;
  return std::ranges::any_of(lists, [&](const IfList& list) {
    return std::ranges::all_of(list.conditions,
                               [&](const IfCondition& one) { return is_met(list.resource, one) != one.is_negated; });
  });
}

std::vector<std::string> submitted_tokens(const std::vector<IfList>& lists) {
  std::vector<std::string> out;
  for (const IfList& list : lists)
    for (const IfCondition& one : list.conditions)
      if (!one.is_etag) out.push_back(one.text);
  return out;
}

}  // namespace kontor::wire::dav
