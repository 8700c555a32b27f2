// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/selection.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::migrate {

Selection::Selection(const std::vector<std::string>& wanted) {
  for (const auto& name : wanted) wanted_.insert(to_lower(name));
}

bool Selection::takes(const std::vector<std::string>& names) {
  bool is_meant = wanted_.empty();
  for (const auto& name : names) {
    const auto found = wanted_.find(to_lower(name));
    if (found == wanted_.end()) continue;
    met_.insert(*found);
    is_meant = true;
  }
  return is_meant;
}

bool Selection::means(const std::vector<std::string>& names) const {
  return wanted_.empty() ||
         std::any_of(names.begin(), names.end(), [&](const auto& name) { return wanted_.contains(to_lower(name)); });
}

std::optional<std::string> Selection::unmet() const {
  for (const auto& name : wanted_) {
    if (!met_.contains(name)) return name;
  }
  return std::nullopt;
}

std::vector<std::string> parse_selection(std::string_view text) {
  std::vector<std::string> out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    line = line.substr(0, line.find_first_of("#,;\r"));
    const auto first = line.find_first_not_of(" \t\"");
    if (first == std::string_view::npos) continue;
    out.emplace_back(line.substr(first, line.find_last_not_of(" \t\"") - first + 1));
  }
  return out;
}

}  // namespace kontor::migrate
