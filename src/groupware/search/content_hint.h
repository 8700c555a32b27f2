// SPDX-License-Identifier: AGPL-3.0-or-later
// Tells of a calendar object or a card that was not read, from its bytes alone, that texts which are looked for cannot
// be in any of its values: reading costs some ten times as much.
//
// A text is looked for by its words (runs without blanks, controls and what escapes are made of), folded. Whatever
// collation is asked for, texts that are equal by it are equal folded. Between the letters of a word content may have
// line ends and blanks where a line was folded or cut, and nothing else, if it is UTF-8 and neither encoded nor of
// another charset; all other content may hold anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontor::groupware {

// One thread at a time.
class ContentHint {
 public:
  // What is looked for has `text` in one of its values, as it reads unescaped.
  void needs(std::string_view text);
  // It has one of these.
  void needs_one_of(const std::vector<std::string_view>& texts);
  bool is_empty() const { return clauses_.empty(); }

  // False: it is not what is looked for.
  bool may_be_in(std::string_view content);

 private:
  using Clause = std::vector<std::string>;  // words, of which one must be there

  bool has_all(std::string_view folded) const;

  std::vector<Clause> clauses_;
  std::string squeezed_;  // kept for its room
};

}  // namespace kontor::groupware
