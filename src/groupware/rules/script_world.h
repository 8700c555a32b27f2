// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what a script may ask about its account, answered from one Reader.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "directory/directory.h"
#include "formats/sieve/run.h"
#include "groupware/rules/filter.h"

namespace kontor::groupware {

// The names under which an account remembers.
std::string memory_of(const sieve::SeenQuestion& seen);
std::string memory_of(const sieve::VacationQuestion& answered);

// Must outlive the environment that it gives.
class ScriptWorld {
 public:
  ScriptWorld(const Reader& reader, const directory::Directory& directory, const directory::Principal& who, Instant now)
      : reader_(reader), directory_(directory), who_(who), now_(now) {}

  // All but the scripts to include.
  sieve::Environment environment(const Incoming& incoming, const FilterOptions& options);

  // What was asked of the account's memory, and the answers.
  const std::vector<std::pair<std::string, bool>>& asked() const { return asked_; }

 private:
  bool remembers(std::string what);
  FolderTable::Pointer mailbox(std::string_view name) const;
  std::optional<std::string> metadata(const std::optional<std::string>& mailbox, std::string_view name) const;
  std::optional<std::string> item(std::string_view name, const Incoming& incoming, const FilterOptions& options) const;

  const Reader& reader_;
  const directory::Directory& directory_;
  const directory::Principal& who_;
  const Instant now_;
  std::vector<std::pair<std::string, bool>> asked_;
};

// "\\Junk" (RFC 6154) to the role; nothing if no folder can have it.
std::optional<FolderRole> role_of_use(std::string_view use);

}  // namespace kontor::groupware
