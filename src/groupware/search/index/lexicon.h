// SPDX-License-Identifier: AGPL-3.0-or-later
// All terms of an account's index in one piece of memory, to find those that hold a part of a word: a plain search
// through some megabytes takes milliseconds, while reading them from the index takes a second.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groupware/search/index/tokens.h"
#include "groupware/search/text_index.h"

namespace kontor::groupware {

// What stands before the terms of header fields.
constexpr char kHeaderTerm = '\x02';

class Lexicon {
 public:
  void add(std::string_view term) { (terms_ += term) += '\n'; }
  // The terms that fulfil the condition, each once. Views live until the next add().
  std::vector<std::string_view> matching(const TermCondition& condition, TextScope scope) const;
  // All terms, and what they are terms of. A term that was added twice may come twice.
  template <class Visit>
  void each(TextScope scope, Visit visit) const {
    const std::string_view all = terms_;
    for (std::size_t begin = 1, end = 0; begin < all.size(); begin = end + 1) {
      end = all.find('\n', begin);
      const std::string_view term = all.substr(begin, end - begin);
      const bool is_header = term.front() == kHeaderTerm;
      if (!is_header || scope == TextScope::anywhere) visit(term, term.substr(is_header ? 1 : 0));
    }
  }
  std::size_t bytes() const { return terms_.capacity(); }

 private:
  std::string terms_ = "\n";  // each followed by a line feed, which no term has
};

}  // namespace kontor::groupware
