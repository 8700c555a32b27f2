// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/text.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "groupware/search/fold.h"

namespace kontor::groupware {

NeedleFinder::NeedleFinder(std::vector<std::string> needles, Collation collation)
    : needles_(std::move(needles)), collation_(collation) {
  for (const auto& needle : needles_) {
    found_.push_back(needle.empty());
    longest_ = std::max(longest_, needle.size());
  }
}

void NeedleFinder::new_text(Place /*place*/) { tail_.clear(); }

bool NeedleFinder::is_done() const {
  return std::all_of(found_.begin(), found_.end(), [](bool b) { return b; });
}

void NeedleFinder::feed(std::string_view utf8) {
  if (utf8.empty() || is_done()) return;
  tail_ += fold_text(utf8, collation_);
  for (std::size_t i = 0; i < needles_.size(); ++i) {
    if (!found_[i]) found_[i] = contains_text(tail_, needles_[i]);
  }
  if (tail_.size() >= longest_) tail_.erase(0, tail_.size() - (longest_ - 1));
}

bool contains_text(std::string_view text, std::string_view needle) {
  return memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr || needle.empty();
}

}  // namespace kontor::groupware
