// SPDX-License-Identifier: AGPL-3.0-or-later
// Fuzzy search (RFC 6203): a text matches if it has each word of the needle, in any order: the word itself, another
// form of it (of the same stem), or a long word but for one slip. Words are the index's terms, so that index and
// contents judge alike.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "groupware/search/index/stems.h"
#include "groupware/search/index/tokens.h"
#include "groupware/search/text_walk.h"

namespace kontor::groupware {

enum class WordMatch : std::uint8_t { none, slip, stem, exact };

// How well a word of the text stands for one of the needle, from 0 to 100.
unsigned worth(WordMatch match);

// Immutable, thread-safe.
class FuzzyWord {
 public:
  explicit FuzzyWord(std::string_view term);
  // Both are terms of folded text. Case and accents do not count.
  WordMatch match(std::string_view term) const;
  const std::string& term() const { return term_; }

 private:
  std::string term_;
  WordStems stems_;
  std::u32string letters_;  // in lower case without accents
  bool is_part_ = false;    // one character of a script without blanks: terms there have two
  bool may_be_slip_ = false;
};

// The different words of a folded text, the first kMost of them.
class FuzzyNeedle {
 public:
  static constexpr std::size_t kMost = 16;
  explicit FuzzyNeedle(std::string_view folded);
  // Then there is nothing to be fuzzy about.
  bool empty() const { return words_.empty(); }
  const std::vector<FuzzyWord>& words() const { return words_; }
  // Of a text that is in memory. 0: it has not all the words.
  unsigned quality_in(std::string_view folded) const;

 private:
  std::vector<FuzzyWord> words_;
};

// The best match of each word in what a walk passes by. The needle must outlive it.
class FuzzyFinder final : public TextSink {
 public:
  explicit FuzzyFinder(const FuzzyNeedle& needle);
  FuzzyFinder(const FuzzyFinder&) = delete;
  FuzzyFinder& operator=(const FuzzyFinder&) = delete;

  void new_text(Place place) override;
  void feed(std::string_view utf8) override;
  void feed_folded(std::string_view folded) { cutter_.feed(folded); }
  bool is_done() const override;  // nothing better can come
  // No more text comes. To be called before what follows.
  void finish() { cutter_.end(); }
  bool found() const;        // all words
  unsigned quality() const;  // from 0 to 100, also if words are missing

 private:
  void take(std::string_view term);

  const FuzzyNeedle& needle_;
  std::vector<WordMatch> best_;
  TermCutter cutter_;
};

// What the words of a needle are worth together.
unsigned quality_of(std::span<const WordMatch> matches);

}  // namespace kontor::groupware
