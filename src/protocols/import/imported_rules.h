// SPDX-License-Identifier: AGPL-3.0-or-later
// A source's rules on their way into an account's list of rules.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "formats/sieve/rules.h"
#include "groupware/account.h"

namespace kontor::importing {

struct RulesHere {
  std::optional<sieve::Rule> out_of_office;
  std::optional<sieve::Rule> junk;  // of an import: nothing, its senders come by themselves
  std::vector<sieve::Rule> others;  // without the scripts that the list includes
};
struct ImportedRules : RulesHere {
  std::vector<std::string> requires_more;
};

// `text`: archive::Settings::rules. Folders stand as they are called here; rules that name one that did not come along,
// or that cannot run here, are left out and told in `damaged`. Nothing: the text cannot be read, which is told, too.
Result<std::optional<ImportedRules>> imported_rules(const std::string& text, const groupware::Reader& reader,
                                                    const std::string& source,
                                                    std::vector<archive::Quarantined>& damaged);

Result<RulesHere> rules_here(const groupware::Reader& reader);

// Whether a list of senders can have it: an address, or a domain as "@example.org".
bool is_sender(const std::string& entry);

// What differs when rules do.
std::string print_rules(const std::vector<sieve::Rule>& rules);

struct RuleChange {
  std::optional<std::vector<sieve::Rule>> others;  // these instead of what there is
  std::vector<std::string> requires_more;          // of them
  bool changes_out_of_office = false;
  std::optional<sieve::Rule> out_of_office;  // goes before the others
  std::function<void(sieve::JunkRule&)> change_senders;
};
// Errors: as groupware::change_rules().
Result<void> put_rules(groupware::Account& account, const RuleChange& change);

}  // namespace kontor::importing
