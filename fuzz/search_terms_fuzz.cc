// SPDX-License-Identifier: AGPL-3.0-or-later
// links: groupware base
// The index may never rule out a text that holds the needle: whatever is cut out of a text, the text's terms fulfil its
// conditions; and where terms alone decide, they are right. A fuzzy search finds the same in terms and in the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "groupware/search/fold.h"
#include "groupware/search/fuzzy.h"
#include "groupware/search/index/lexicon.h"
#include "groupware/search/index/tokens.h"

using namespace kontor::groupware;

namespace {

bool is_inside(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80;
}

// By the text's terms, as an index has them.
unsigned quality_by_terms(const Lexicon& lexicon, const FuzzyNeedle& needle) {
  std::vector<WordMatch> best;
  for (const FuzzyWord& word : needle.words()) {
    best.push_back(WordMatch::none);
    if (word.match(word.term()) != WordMatch::exact) std::abort();
    lexicon.each(TextScope::body, [&](std::string_view, std::string_view term) {
      best.back() = std::max(best.back(), word.match(term));
    });
  }
  return std::find(best.begin(), best.end(), WordMatch::none) == best.end() ? quality_of(best) : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 4096) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string text = fold_text(input.substr(3));
  if (text.empty()) return 0;
  std::size_t begin = (data[0] | (data[1] & 0x0fU) << 8U) % text.size();
  while (is_inside(text, begin)) --begin;
  std::size_t end = std::min(text.size(), begin + 1 + data[2]);
  while (is_inside(text, end)) ++end;
  const std::string needle = text.substr(begin, end - begin);

  Lexicon lexicon;
  TermCutter cutter([&](std::string_view term) {
    if (term.empty() || term.size() > kLongestTerm || term.find('\n') != std::string_view::npos) std::abort();
    lexicon.add(term);
  });
  std::size_t half = text.size() / 2;
  while (is_inside(text, half)) ++half;
  cutter.feed(std::string_view(text).substr(0, half));
  cutter.feed(std::string_view(text).substr(half));
  cutter.end();

  const NeedleConditions conditions = conditions_of(needle);
  for (const TermCondition& condition : conditions.all)
    if (lexicon.matching(condition, TextScope::body).empty()) std::abort();

  // Any other needle: what terms decide must be in the text.
  const std::string other = fold_text(input.substr(0, 3));
  const NeedleConditions decided = conditions_of(other);
  if (decided.decides && !lexicon.matching(decided.all[0], TextScope::body).empty() &&
      text.find(other) == std::string::npos)
    std::abort();

  for (const std::string& fuzzy : {needle, other}) {
    const FuzzyNeedle words(fuzzy);
    if (words.quality_in(text) != quality_by_terms(lexicon, words)) std::abort();
  }
  return 0;
}
