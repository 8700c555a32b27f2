// SPDX-License-Identifier: AGPL-3.0-or-later
// What a run or a verification did, for people and programs. In every folder
//   source = copied + present + quarantined + excluded
// holds, or the report says that items are unaccounted for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"

namespace kontor::migrate {

constexpr std::size_t kNamedPerFolder =
    1000;  // quarantined or damaged items or differences that are named; the rest is counted

struct NamedItem {
  std::string key;
  std::string reason;
};

struct FolderReport {
  std::string name;  // the path at the source
  std::string key;
  std::string kind;          // as SourceFolder::kind; empty = mail
  std::string goes_to;       // the path asked for, where it is another
  std::uint64_t source = 0;  // items at the source
  archive::Counts counts;    // of this run; present: also updated and moved ones
  std::uint64_t present = 0;
  std::uint64_t excluded = 0;
  std::string excluded_why;
  std::uint64_t quarantined = 0;
  std::vector<NamedItem> quarantined_items;
  std::uint64_t damaged = 0;  // taken as they came, though they could not be understood
  std::vector<NamedItem> damaged_items;
  std::uint64_t losses = 0;  // of items that came, what did not come along exactly
  std::vector<NamedItem> lost;
  std::uint64_t date_guesses = 0;
  std::uint64_t attachments = 0;  // files that belong to items and came outside of their content, or were compared
  bool unchanged = false;         // the source said that nothing happened since the last pass
  std::string note;
  // Verification:
  std::uint64_t compared = 0;
  std::uint64_t compared_bytes = 0;
  std::uint64_t differences = 0;
  std::vector<NamedItem> different;
  std::uint64_t settings_compared = 0;   // are no items
  std::uint64_t settings_different = 0;  // of the differences

  // Items that no column has; may be below zero if the source changed while it was read.
  std::int64_t unaccounted() const;
  void quarantine(std::string item_key, std::string reason);
  void damage(std::string item_key, std::string reason);
  void lose(std::string item_key, std::string reason);
  void differ(std::string item_key, std::string reason);
  void differ_in_setting(std::string setting, std::string reason);
  void add(const FolderReport& other);  // its numbers
};

struct AccountReport {
  std::string source;  // login
  std::string address;
  std::vector<FolderReport> folders;
  std::string error;  // empty = the account was passed to its end
  int attempts = 1;
  double seconds = 0;
  double estimate = 0;  // of a plan: seconds that a first run takes for it alone

  FolderReport total() const;
};

struct RunReport {
  std::string kind;  // "run", "verify", "plan", "import"
  std::string source;
  std::string target;
  std::string started;  // RFC 3339
  double seconds = 0;
  std::vector<AccountReport> accounts;
  std::vector<std::string> remarks;        // Source::remarks()
  std::size_t concurrency = 1;             // accounts at once
  std::optional<AccountReport> directory;  // users, groups and resources, where they were to be made

  FolderReport total() const;
  double estimate() const;  // of a plan: seconds that a first run takes with that concurrency; 0 = nothing to say
  // No account failed, nothing is quarantined, different or unaccounted for, and of something, something arrived.
  bool is_clean() const;
  std::string verdict() const;  // one line
};

std::string to_json(const RunReport& report);
std::string to_json(const AccountReport& account);
std::string to_table(const RunReport& report);  // for the terminal

// Writes `name`.json and `name`.html of all, and in the folder `name` both of each account. Errors: unavailable.
Result<void> write_report(const RunReport& report, const std::string& name);

// `name`.html alone, at once in place of what is there. Errors: unavailable.
Result<void> write_page(const std::string& name, const std::string& page);

}  // namespace kontor::migrate
