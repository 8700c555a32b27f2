// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: restrictions as tests of Sieve.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/mapi/rules.h"

namespace kontor::mapi {

// A test of Sieve and, where the rule model has the like, the condition that it is.
struct SieveTest {
  enum class Form : std::uint8_t { leaf, all, any, none };

  Form form = Form::leaf;
  std::string text;                           // of a leaf
  std::optional<sieve::Condition> condition;  // of a leaf
  std::vector<SieveTest> parts;
  std::set<std::string> needs;  // what the script must require for `text`
};

std::string print(const SieveTest& test);
void gather_needs(const SieveTest& test, std::set<std::string>& out);
std::string quote_for_sieve(std::string_view text);

// Nothing: no script can ask that; `why` says of what. Sentences for what is asked a little otherwise go into `losses`.
std::optional<SieveTest> sieve_test_of(const Restriction& restriction, const RuleWorld& world,
                                       std::vector<std::string>& losses, std::string& why);

}  // namespace kontor::mapi
