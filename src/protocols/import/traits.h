// SPDX-License-Identifier: AGPL-3.0-or-later
// Single settings that are followed: what changes at the source is done here once, where nobody changed it here since.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "groupware/account.h"

namespace kontor::importing {

// By name, as text that differs when the setting does. An absent one is not set.
using Traits = std::map<std::string, std::string, std::less<>>;

// What of the source's settings is to be done here.
class TraitPlan {
 public:
  // `families`: beginnings of the names that the source was asked for; of others nothing vanishes here. Errors:
  // corrupt, unavailable.
  static Result<TraitPlan> make(const groupware::Reader& reader, const std::string& source, Traits wanted, Traits here,
                                std::vector<std::string> families);

  bool takes(std::string_view name) const { return take_.contains(name); }
  bool drops(std::string_view name) const { return drop_.contains(name); }
  bool changes_any_of(std::string_view family) const;
  bool empty() const { return take_.empty() && drop_.empty(); }

  // Notes in the ledger what was brought, and how it is here now: what a later pass compares with. What could not be
  // done (`failed`) is as if it had not been tried. Counts for the answer.
  Result<void> note(groupware::Transaction& transaction, const std::string& source, const Traits& here_now,
                    const std::set<std::string, std::less<>>& failed, archive::Counts& counts) const;

 private:
  Traits wanted_;
  std::set<std::string, std::less<>> take_, drop_, kept_, fresh_;
};

struct ComparedTraits {
  std::uint64_t same = 0;
  std::vector<archive::Quarantined> different;  // by name, with whose change it is where the ledger knows it
};
// For a verification. `families` as TraitPlan::make(). Errors: corrupt, unavailable.
Result<ComparedTraits> compare_traits(const groupware::Reader& reader, const std::string& source, const Traits& wanted,
                                      const Traits& here, const std::vector<std::string>& families);

// What is known of a setting that is not the same on both sides.
struct Settled {
  bool was_brought = false;
  bool is_same_at_source = false;  // as when it was brought
  bool is_same_here = false;       // as it was then
  bool is_at_source = false, is_here = false;
};
// Whose doing that is, as a sentence for people; empty where it is as it was brought.
std::string difference_of(const Settled& settled);

}  // namespace kontor::importing
