// SPDX-License-Identifier: AGPL-3.0-or-later
// Text as terms of the index, and a needle as conditions on terms.
//
// A search finds every part of a text, so the cut must not depend on what stands around: a needle taken out of a text
// has to be cut where the text is. Hence a character alone says where a term ends:
//  - letters, digits and marks make words; each word is a term;
//  - the same of scripts that write words without blanks between them make runs; each two neighbours are a term;
//  - all else separates.
// Words above kLongestTerm bytes become overlapping terms, such that any kLongestPiece bytes of the word are in one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::groupware {

constexpr std::size_t kLongestTerm = 128;
constexpr std::size_t kLongestPiece = 32;

// Cuts folded text that comes in pieces (ends of pieces are ends of characters).
class TermCutter {
 public:
  using Emit = std::function<void(std::string_view term)>;
  explicit TermCutter(Emit emit) : emit_(std::move(emit)) {}
  void feed(std::string_view folded);
  void end();  // what comes next does not continue this text

 private:
  void end_word();
  void take_unspaced(std::string_view character);
  void end_unspaced();

  Emit emit_;
  std::string word_;
  std::string last_;        // of a run without blanks
  bool is_paired_ = false;  // last_ is in a term already
};

// A text that holds the needle has a term that `text` is in; at its beginning or end where that is known.
struct TermCondition {
  bool operator==(const TermCondition&) const = default;

  std::string text;
  bool at_start = false, at_end = false;
};

struct NeedleConditions {
  std::vector<TermCondition> all;  // empty: terms say nothing about the needle
  bool decides = false;            // and a text with such a term holds the needle
};
NeedleConditions conditions_of(std::string_view folded_needle);

// Whether it is one character, of a script without blanks. As a term it stands alone; within longer texts it is a half
// of terms.
bool is_unspaced_character(std::string_view text);

}  // namespace kontor::groupware
