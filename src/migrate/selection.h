// SPDX-License-Identifier: AGPL-3.0-or-later
// Which accounts are meant, by any of their names: the same words choose at the source and out of an archive.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::migrate {

class Selection {
 public:
  // Logins, addresses or what else the source calls its accounts; letters' case does not count. Empty: all of them.
  explicit Selection(const std::vector<std::string>& wanted);

  // Whether an account of these names is meant.
  bool takes(const std::vector<std::string>& names);
  // The same of what is no account itself.
  bool means(const std::vector<std::string>& names) const;
  // One that no account had so far.
  std::optional<std::string> unmet() const;

 private:
  std::set<std::string> wanted_, met_;
};

// A list of accounts: one in each line, or in the first column of a CSV file; "#" begins a comment.
std::vector<std::string> parse_selection(std::string_view text);

}  // namespace kontor::migrate
