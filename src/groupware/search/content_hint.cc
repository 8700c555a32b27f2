// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/content_hint.h"

#include <algorithm>

#include "formats/mime/charset.h"
#include "groupware/search/text.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostClauses = 16;

bool is_blank_or_control(unsigned char c) { return c <= 0x20 || c == 0x7f; }

// Not in words: in content these may be escaped.
bool ends_word(char c) {
  return is_blank_or_control(static_cast<unsigned char>(c)) || std::string_view("\\,;:\"").contains(c);
}

// None of what is no UTF-8: it may be a part of a character.
std::vector<std::string> words_of(std::string_view text) {
  if (!mime::is_utf8(text)) return {};
  std::vector<std::string> out(1);
  for (const char c : fold_text(text)) {
    if (!ends_word(c))
      out.back() += c;
    else if (!out.back().empty())
      out.emplace_back();
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

// Writes `content` to `out` without blanks and controls, ASCII in upper case. Whether all of it is ASCII.
bool squeeze(std::string_view content, std::string& out) {
  out.resize(content.size());
  std::size_t size = 0;
  unsigned char seen = 0;
  for (const char byte : content) {
    const auto c = static_cast<unsigned char>(byte);
    seen |= c;
    out[size] = static_cast<char>(c - (c >= 'a' && c <= 'z' ? 'a' - 'A' : 0));
    size += is_blank_or_control(c) ? 0 : 1;
  }
  out.resize(size);
  return seen < 0x80;
}

}  // namespace

void ContentHint::needs(std::string_view text) {
  for (std::string& word : words_of(text))
    if (clauses_.size() < kMostClauses) clauses_.push_back({std::move(word)});
}

void ContentHint::needs_one_of(const std::vector<std::string_view>& texts) {
  Clause clause;
  for (const std::string_view text : texts) {
    std::vector<std::string> words = words_of(text);
    if (words.empty()) return;
    clause.push_back(std::move(*std::ranges::max_element(words, {}, &std::string::size)));
  }
  if (!clause.empty() && clauses_.size() < kMostClauses) clauses_.push_back(std::move(clause));
}

bool ContentHint::has_all(std::string_view folded) const {
  return std::ranges::all_of(clauses_, [&](const Clause& clause) {
    return std::ranges::any_of(clause, [&](const std::string& word) { return contains_text(folded, word); });
  });
}

bool ContentHint::may_be_in(std::string_view content) {
  if (clauses_.empty()) return true;
  const bool is_ascii = squeeze(content, squeezed_);
  if (has_all(squeezed_)) return true;
  // UTF-16 has zeros, or a mark that is no UTF-8.
  if (content.contains('\0')) return true;
  // A reader takes "QUOTED_PRINTABLE" as well.
  if (squeezed_.contains("CHARSET") || squeezed_.contains("QUOTED")) return true;
  if (is_ascii) return false;
  return !mime::is_utf8(content) || has_all(fold_text(squeezed_));
}

}  // namespace kontor::groupware
