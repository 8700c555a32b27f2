// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/lexicon.h"

#include <algorithm>
#include <cstring>

namespace kontor::groupware {
namespace {

// std::string_view's own search stops at every line end.
std::size_t find_bytes(std::string_view all, std::string_view wanted, std::size_t from) {
  const void* found = memmem(all.data() + from, all.size() - from, wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - all.data());
}

}  // namespace

std::vector<std::string_view> Lexicon::matching(const TermCondition& condition, TextScope scope) const {
  std::vector<std::string_view> found;
  const std::string_view all = terms_;
  const auto collect = [&](const std::string& lead) {
    const std::string wanted = lead + condition.text + (condition.at_end ? "\n" : "");
    for (auto at = find_bytes(all, wanted, 0); at != std::string_view::npos;) {
      const auto begin = (lead.empty() ? all.rfind('\n', at) : at) + 1;
      const auto end = all.find('\n', begin);
      const std::string_view term = all.substr(begin, end - begin);
      if (scope == TextScope::anywhere || term.front() != kHeaderTerm) found.push_back(term);
      at = find_bytes(all, wanted, end);  // this line's end may begin the next match
    }
  };
  if (!condition.at_start) {
    collect("");
  } else {
    collect("\n");
    if (scope == TextScope::anywhere) collect(std::string("\n") + kHeaderTerm);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace kontor::groupware
