// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/stems.h"

#include <xapian.h>

#include <algorithm>
#include <utility>

namespace kontor::groupware {
namespace {

constexpr const char* kStemLanguages[] = {"english",    "german", "french", "spanish", "italian",
                                          "portuguese", "dutch",  "danish", "swedish", "norwegian"};
constexpr std::size_t kLongestStemmed = 64;

bool is_cyrillic(unsigned char first) { return first >= 0xd0 && first <= 0xd3; }

// The bytes of the first three characters; 0 if there are fewer.
std::size_t beginning(const std::string& word) {
  int count = 0;
  for (std::size_t at = 0; at < word.size(); ++at)
    if ((static_cast<unsigned char>(word[at]) & 0xc0U) != 0x80 && ++count > 3) return at;
  return count == 3 ? word.size() : 0;
}

// Those for the script of a word that begins so. A stemmer has a buffer: none is for two threads.
const std::vector<Xapian::Stem>& stemmers_for(unsigned char first) {
  thread_local const std::vector<Xapian::Stem> latin = [] {
    std::vector<Xapian::Stem> made;
    for (const char* name : kStemLanguages) made.emplace_back(name);
    return made;
  }();
  thread_local const std::vector<Xapian::Stem> cyrillic{Xapian::Stem("russian")};
  return is_cyrillic(first) ? cyrillic : latin;
}

}  // namespace

WordStems::WordStems(std::string word) : word_(std::move(word)), begin_(beginning(word_)) {
  if (begin_ == 0 || word_.size() > kLongestStemmed) return;
  for (const Xapian::Stem& stem : stemmers_for(static_cast<unsigned char>(word_[0]))) {
    stems_.push_back(stem(word_));
    if (stems_.back().size() < begin_) stems_.back().clear();
  }
}

bool WordStems::has_form(const std::string& other) const {
  if (stems_.empty() || other.size() > kLongestStemmed) return false;
  const auto common = static_cast<std::size_t>(
      std::mismatch(word_.begin(), word_.end(), other.begin(), other.end()).first - word_.begin());
  if (common < begin_ || 2 * common < std::max(word_.size(), other.size())) return false;
  const auto& stemmers = stemmers_for(static_cast<unsigned char>(word_[0]));
  for (std::size_t i = 0; i < stems_.size(); ++i)
    if (!stems_[i].empty() && stemmers[i](other) == stems_[i]) return true;
  return false;
}

}  // namespace kontor::groupware
