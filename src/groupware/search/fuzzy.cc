// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/fuzzy.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "groupware/search/fold.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kSlipAtLeast = 6;  // characters of a word that may have one
constexpr std::size_t kLongestWord = 64;

bool is_accent(char32_t c) { return c >= 0x300 && c <= 0x36f; }

// In lower case without accents; short i is a letter of its own, which stems need.
std::u32string letters_of(std::string_view term) {
  std::u32string out;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(term.data());
  const auto size = static_cast<std::int64_t>(term.size());
  for (std::int64_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (c < 0) c = 0xfffd;
    if (c == 0x306 && !out.empty() && out.back() == 0x438) out.back() = 0x439;
    if (!is_accent(static_cast<char32_t>(c))) out.push_back(static_cast<char32_t>(u_tolower(c)));
  }
  return out;
}

std::string to_utf8(std::u32string_view letters) {
  std::string out;
  for (const char32_t c : letters) {
    char bytes[U8_MAX_LENGTH];
    std::int32_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, static_cast<UChar32>(c));
    out.append(bytes, static_cast<std::size_t>(length));
  }
  return out;
}

// Whether one character more, less or other, or two that changed places, make the one of the other. They begin alike.
bool is_one_slip(std::u32string_view a, std::u32string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (a.size() > b.size() + 1 || b.empty() || a[0] != b[0]) return false;
  const auto differ = static_cast<std::size_t>(std::mismatch(b.begin(), b.end(), a.begin()).first - b.begin());
  a.remove_prefix(differ);
  b.remove_prefix(differ);
  if (a.size() > b.size()) return a.substr(1) == b;
  if (a.empty()) return true;
  if (a.substr(1) == b.substr(1)) return true;
  return a.size() > 1 && a[0] == b[1] && a[1] == b[0] && a.substr(2) == b.substr(2);
}

}  // namespace

unsigned worth(WordMatch match) {
  switch (match) {
    case WordMatch::exact:
      return 100;
    case WordMatch::stem:
      return 80;
    case WordMatch::slip:
      return 60;
    default:
      return 0;
  }
}

FuzzyWord::FuzzyWord(std::string_view term)
    : term_(term),
      stems_(to_utf8(letters_of(term))),
      letters_(letters_of(term)),
      is_part_(is_unspaced_character(term)),
      may_be_slip_(letters_.size() >= kSlipAtLeast && letters_.size() <= kLongestWord &&
                   std::all_of(letters_.begin(), letters_.end(),
                               [](char32_t c) { return u_isalpha(static_cast<UChar32>(c)) != 0; })) {}

WordMatch FuzzyWord::match(std::string_view term) const {
  if (term == term_) return WordMatch::exact;
  if (is_part_) return term.find(term_) == std::string_view::npos ? WordMatch::none : WordMatch::exact;
  // Most words are out here, so that a list of all an account's words is gone through quickly.
  if (term.empty() || term.front() != term_.front() || term.size() > 4 * kLongestWord) return WordMatch::none;
  const std::u32string letters = letters_of(term);
  if (letters == letters_) return WordMatch::exact;
  if (stems_.has_form(to_utf8(letters))) return WordMatch::stem;
  return may_be_slip_ && is_one_slip(letters_, letters) ? WordMatch::slip : WordMatch::none;
}

FuzzyNeedle::FuzzyNeedle(std::string_view folded) {
  TermCutter cutter([this](std::string_view term) {
    const bool is_known =
        std::any_of(words_.begin(), words_.end(), [&](const FuzzyWord& word) { return word.term() == term; });
    if (!is_known && words_.size() < kMost) words_.emplace_back(term);
  });
  cutter.feed(folded);
  cutter.end();
}

unsigned FuzzyNeedle::quality_in(std::string_view folded) const {
  FuzzyFinder finder(*this);
  finder.feed_folded(folded);
  finder.finish();
  return finder.found() ? finder.quality() : 0;
}

FuzzyFinder::FuzzyFinder(const FuzzyNeedle& needle)
    : needle_(needle),
      best_(needle.words().size(), WordMatch::none),
      cutter_([this](std::string_view term) { take(term); }) {}

void FuzzyFinder::new_text(Place /*place*/) { cutter_.end(); }

void FuzzyFinder::feed(std::string_view utf8) {
  if (!is_done()) cutter_.feed(fold_text(utf8));
}

bool FuzzyFinder::is_done() const {
  return std::all_of(best_.begin(), best_.end(), [](WordMatch match) { return match == WordMatch::exact; });
}

bool FuzzyFinder::found() const {
  return std::none_of(best_.begin(), best_.end(), [](WordMatch match) { return match == WordMatch::none; });
}

unsigned FuzzyFinder::quality() const { return quality_of(best_); }

void FuzzyFinder::take(std::string_view term) {
  for (std::size_t i = 0; i < best_.size(); ++i)
    if (best_[i] != WordMatch::exact) best_[i] = std::max(best_[i], needle_.words()[i].match(term));
}

unsigned quality_of(std::span<const WordMatch> matches) {
  unsigned sum = 0;
  for (const WordMatch match : matches) sum += worth(match);
  return matches.empty() ? 0 : sum / static_cast<unsigned>(matches.size());
}

}  // namespace kontor::groupware
