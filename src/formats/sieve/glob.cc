// SPDX-License-Identifier: AGPL-3.0-or-later
// Patterns and values become rows of characters (for i;octet: of bytes). The pattern falls into segments at its stars.
// The first must stand at the beginning, the last at the end, and those between are found from left to right, each as
// early as possible: if any way matches, this one does. A segment is searched for by Shift-And, one bit for each of its
// characters, so that a "?" costs no more than a letter and nothing is ever looked at again.
#include "formats/sieve/glob.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <unordered_map>

namespace kontor::sieve {
namespace {

constexpr char32_t kAny = 0xFFFFFFFF;  // "?" in a pattern

struct Characters {
  std::u32string folded;
  std::vector<std::uint32_t> offsets;  // where each begins in the text, and the text's end
};

char32_t fold_character(Comparator comparator, char32_t c) {
  if (c < 0x80) {
    if (comparator == Comparator::octet) return c;
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  }
  if (comparator != Comparator::unicode_casemap) return c;
  return static_cast<char32_t>(u_tolower(u_totitle(static_cast<UChar32>(c))));
}

// The character at `at`, which moves behind it. A byte that is no UTF-8 is a character by itself, like no other one.
char32_t next_character(Comparator comparator, std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (comparator == Comparator::octet || byte < 0x80) {
    at++;
    return fold_character(comparator, byte);
  }
  auto i = static_cast<int32_t>(at);
  UChar32 c = 0;
  U8_NEXT(text.data(), i, static_cast<int32_t>(text.size()), c);
  if (c < 0) {
    at++;
    return 0x110000U + byte;
  }
  at = static_cast<std::size_t>(i);
  return fold_character(comparator, static_cast<char32_t>(c));
}

Characters characters_of(Comparator comparator, std::string_view text) {
  Characters result;
  result.folded.reserve(text.size());
  result.offsets.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    result.offsets.push_back(static_cast<std::uint32_t>(at));
    result.folded.push_back(next_character(comparator, text, at));
  }
  result.offsets.push_back(static_cast<std::uint32_t>(text.size()));
  return result;
}

// The stretches between stars; always at least one, which may be empty.
std::vector<std::u32string> segments_of(Comparator comparator, std::string_view pattern) {
  std::vector<std::u32string> segments(1);
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '*') {
      segments.emplace_back();
      at++;
    } else if (c == '?') {
      segments.back().push_back(kAny);
      at++;
    } else {
      if (c == '\\' && at + 1 < pattern.size()) at++;
      segments.back().push_back(next_character(comparator, pattern, at));
    }
  }
  return segments;
}

bool stands_at(const std::u32string& value, std::size_t at, const std::u32string& segment) {
  if (value.size() - at < segment.size()) return false;
  for (std::size_t i = 0; i < segment.size(); i++)
    if (segment[i] != kAny && segment[i] != value[at + i]) return false;
  return true;
}

// The first place from `from` to `end` where the segment stands.
std::optional<std::size_t> find_segment(const std::u32string& value, std::size_t from, std::size_t end,
                                        const std::u32string& segment, std::uint64_t& cost) {
  if (segment.empty()) return from;
  if (end - from < segment.size()) return std::nullopt;
  const std::size_t words = (segment.size() + 63) / 64;
  using Row = std::vector<std::uint64_t>;
  Row any(words);
  std::unordered_map<char32_t, Row> rows;
  for (std::size_t i = 0; i < segment.size(); i++) {
    const std::uint64_t bit = std::uint64_t{1} << (i % 64);
    if (segment[i] == kAny) {
      any[i / 64] |= bit;
    } else {
      auto& row = rows[segment[i]];
      if (row.empty()) row.resize(words);
      row[i / 64] |= bit;
    }
  }
  const std::size_t last_word = (segment.size() - 1) / 64;
  const std::uint64_t last_bit = std::uint64_t{1} << ((segment.size() - 1) % 64);
  cost += segment.size() + words * rows.size();
  Row state(words);
  for (std::size_t at = from; at < end; at++) {
    cost += words;
    const auto found = rows.find(value[at]);
    std::uint64_t carry = 1;
    for (std::size_t w = 0; w < words; w++) {
      const std::uint64_t shifted = (state[w] << 1) | carry;
      carry = state[w] >> 63;
      state[w] = shifted & (any[w] | (found == rows.end() ? 0 : found->second[w]));
    }
    if (state[last_word] & last_bit) return at + 1 - segment.size();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string_view>> match_glob(Comparator comparator, std::string_view value,
                                                        std::string_view pattern, std::uint64_t& cost) {
  cost += value.size() + pattern.size();
  const std::vector<std::u32string> segments = segments_of(comparator, pattern);
  const Characters text = characters_of(comparator, value);
  const std::size_t size = text.folded.size();

  std::vector<std::size_t> places(segments.size());
  const auto fits = [&](std::size_t segment, std::size_t at) {
    places[segment] = at;
    cost += segments[segment].size();
    return stands_at(text.folded, at, segments[segment]);
  };
  if (!fits(0, 0)) return std::nullopt;
  std::size_t at = segments[0].size();
  if (segments.size() == 1 && at != size) return std::nullopt;
  if (segments.size() > 1) {
    const std::size_t last = segments.size() - 1;
    if (size - at < segments[last].size() || !fits(last, size - segments[last].size())) return std::nullopt;
    for (std::size_t i = 1; i < last; i++) {
      const auto place = find_segment(text.folded, at, places[last], segments[i], cost);
      if (!place) return std::nullopt;
      places[i] = *place;
      at = *place + segments[i].size();
    }
  }

  std::vector<std::string_view> captures;
  const auto capture = [&](std::size_t from, std::size_t to) {
    captures.push_back(value.substr(text.offsets[from], text.offsets[to] - text.offsets[from]));
  };
  for (std::size_t i = 0; i < segments.size(); i++) {
    if (i > 0) capture(places[i - 1] + segments[i - 1].size(), places[i]);
    for (std::size_t c = 0; c < segments[i].size(); c++)
      if (segments[i][c] == kAny) capture(places[i] + c, places[i] + c + 1);
  }
  return captures;
}

}  // namespace kontor::sieve
