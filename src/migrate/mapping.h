// SPDX-License-Identifier: AGPL-3.0-or-later
// What goes where, and what stays behind: a TOML file (docs/migration.md). The words are the same when a source is read
// and when an archive is imported.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::migrate {

// Which folders a rule is for: those that fit every word that is given.
struct FolderSelector {
  std::string
      path;  // "Projects/*": "*" stands for any part of a name, "**" for any part of a path; any case. Empty = all
  std::string role;  // "junk"; empty = all
  bool fits(const std::vector<std::string>& folder_path, std::string_view folder_role) const;
};

struct FolderRule {
  FolderSelector match;
  bool exclude = false;
  std::string rename;  // a new path; empty = the old one. What lies below the folder follows
};

// Where a folder goes.
struct Destination {
  bool is_excluded = false;
  std::vector<std::string> path;
};

class Mapping {
 public:
  // The target's address of a source account (its login or address). The first that fits: [users], [domains].
  std::string address(std::string_view source) const;
  Destination destination(const std::vector<std::string>& path, std::string_view role) const;
  // Where subscriptions go; at most as many as an archive takes.
  std::vector<std::vector<std::string>> subscriptions(const std::vector<std::vector<std::string>>& paths) const;

  std::map<std::string, std::string> users;    // source login or address, lower case: target address
  std::map<std::string, std::string> domains;  // source domain, lower case: target domain
  std::string default_domain;                  // for names without one
  std::vector<FolderRule> folders;             // the first that fits decides
  bool exclude_deleted = false;                // items flagged \Deleted stay behind
  std::uint64_t largest_item = 0;              // bytes; larger items stay behind; 0 = all are taken
};

// Errors: invalid (line and reason; unknown words are errors).
Result<Mapping> parse_mapping(std::string_view toml);

// "Projects/2024" and its parts. A "/" in a name is written "\/".
std::string join_path(const std::vector<std::string>& path);
std::vector<std::string> split_path(std::string_view text);

}  // namespace kontor::migrate
