// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/tokens.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostConditions = 12;
constexpr std::size_t kTermStride = kLongestTerm - kLongestPiece;

enum class Script : std::uint8_t { separator, spaced, unspaced };

struct CodeRange {
  UChar32 first, last;
};
// Thai, Lao, Myanmar, Khmer, then what Chinese and Japanese are written with.
constexpr CodeRange kUnspaced[] = {
    {0x0e00, 0x0eff}, {0x1000, 0x109f},   {0x1780, 0x17ff},   {0x2e80, 0x2fdf}, {0x3005, 0x3007},
    {0x3040, 0x312f}, {0x31a0, 0x31bf},   {0x31f0, 0x31ff},   {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
    {0xf900, 0xfaff}, {0x1aff0, 0x1b16f}, {0x20000, 0x3ffff},
};

Script script_of(UChar32 c) {
  if (c < 0x80) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return is_word ? Script::spaced : Script::separator;
  }
  constexpr std::uint32_t kParts = U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK;
  if ((U_GET_GC_MASK(c) & kParts) == 0) return Script::separator;
  for (const CodeRange& range : kUnspaced)
    if (c >= range.first && c <= range.last) return Script::unspaced;
  return Script::spaced;
}

// Calls `visit` with each character and its script.
template <class Visit>
void each_character(std::string_view text, Visit visit) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int64_t>(text.size());
  for (std::int64_t at = 0; at < size;) {
    const std::int64_t begin = at;
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    visit(text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(at - begin)),
          c < 0 ? Script::separator : script_of(c));
  }
}

// Neighbours of one script in the needle.
struct Run {
  Script script;
  std::vector<std::string_view> characters;
  std::size_t begin, end;
};

std::vector<Run> runs_of(std::string_view needle) {
  std::vector<Run> runs;
  std::size_t at = 0;
  each_character(needle, [&](std::string_view character, Script script) {
    if (script != Script::separator) {
      if (runs.empty() || runs.back().end != at || runs.back().script != script) runs.push_back({script, {}, at, at});
      runs.back().characters.push_back(character);
      runs.back().end = at + character.size();
    }
    at += character.size();
  });
  return runs;
}

}  // namespace

void TermCutter::feed(std::string_view folded) {
  each_character(folded, [&](std::string_view character, Script script) {
    if (script != Script::spaced && !word_.empty()) end_word();
    if (script != Script::unspaced && !last_.empty()) end_unspaced();
    if (script == Script::spaced) word_ += character;
    if (script == Script::unspaced) take_unspaced(character);
    // A word without end must not be held whole: what is cut off here has its own terms, and half a term stays.
    if (word_.size() > 64 * kLongestTerm) {
      for (std::size_t from = 0; from + kLongestTerm <= word_.size(); from += kTermStride)
        emit_(std::string_view(word_).substr(from, kLongestTerm));
      word_.erase(0, word_.size() - 2 * kLongestTerm);
    }
  });
}

void TermCutter::end() {
  if (!word_.empty()) end_word();
  if (!last_.empty()) end_unspaced();
}

void TermCutter::end_word() {
  const std::string_view word = word_;
  if (word.size() <= kLongestTerm) {
    emit_(word);
  } else {
    for (std::size_t from = 0; from + kLongestTerm < word.size(); from += kTermStride)
      emit_(word.substr(from, kLongestTerm));
    emit_(word.substr(word.size() - kLongestTerm));
  }
  word_.clear();
}

void TermCutter::take_unspaced(std::string_view character) {
  if (!last_.empty()) {
    emit_(last_ + std::string(character));
    is_paired_ = true;
  }
  last_ = character;
}

void TermCutter::end_unspaced() {
  if (!is_paired_) emit_(last_);
  is_paired_ = false;
  last_.clear();
}

bool is_unspaced_character(std::string_view text) {
  const std::vector<Run> runs = runs_of(text);
  return runs.size() == 1 && runs[0].script == Script::unspaced && runs[0].characters.size() == 1 &&
         runs[0].end - runs[0].begin == text.size();
}

NeedleConditions conditions_of(std::string_view needle) {
  NeedleConditions out;
  const std::vector<Run> runs = runs_of(needle);
  for (const Run& run : runs) {
    const bool starts = run.begin > 0, ends = run.end < needle.size();  // as a term does
    if (run.script == Script::unspaced) {
      for (std::size_t i = 0; i + 1 < run.characters.size(); ++i)
        out.all.push_back({std::string(run.characters[i]).append(run.characters[i + 1]), true, true});
      if (run.characters.size() == 1) out.all.push_back({std::string(run.characters[0]), false, false});
      continue;
    }
    const std::string_view text = needle.substr(run.begin, std::min(run.end - run.begin, kLongestPiece));
    out.all.push_back({std::string(text), starts, ends && run.end - run.begin <= kLongestPiece});
  }
  out.decides = runs.size() == 1 && out.all.size() == 1 && runs[0].end - runs[0].begin == needle.size() &&
                out.all[0].text.size() == needle.size();
  // The longest say most; leaving some out only leaves more to look at.
  std::sort(out.all.begin(), out.all.end(), [](const TermCondition& a, const TermCondition& b) {
    return a.text.size() != b.text.size() ? a.text.size() > b.text.size() : a.text < b.text;
  });
  if (out.all.size() > kMostConditions) out.all.resize(kMostConditions);
  return out;
}

}  // namespace kontor::groupware
