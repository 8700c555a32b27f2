// SPDX-License-Identifier: AGPL-3.0-or-later
// Stems of words by the rules of languages (Snowball's). Not by the language of a text: mail mixes them, a needle is
// too short to tell, and what a message is written in would have to be known where there is no index.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kontor::groupware {

// A word's stem in each language. Immutable, thread-safe.
class WordStems {
 public:
  // `word`: UTF-8 in lower case without accents.
  explicit WordStems(std::string word);
  // Whether a language has the same stem, of three characters or more, for the other word, which begins like this one:
  // with three characters and half of the longer one.
  bool has_form(const std::string& other) const;

 private:
  std::string word_;
  std::size_t begin_;               // the bytes of the first three characters
  std::vector<std::string> stems_;  // by language; empty: no stem, or too short
};

}  // namespace kontor::groupware
