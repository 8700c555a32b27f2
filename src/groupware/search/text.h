// SPDX-License-Identifier: AGPL-3.0-or-later
// Looks for texts in what a walk passes by, without case, in bounded memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groupware/search/fold.h"
#include "groupware/search/text_walk.h"

namespace kontor::groupware {

// Remembers which needles were found. Needles are folded by `collation`; an empty one is always found.
class NeedleFinder final : public TextSink {
 public:
  explicit NeedleFinder(std::vector<std::string> needles, Collation collation = Collation::unicode_casemap);
  void new_text(Place place) override;  // no match across
  void feed(std::string_view utf8) override;
  bool is_done() const override;
  bool found(std::size_t needle) const { return found_[needle]; }

 private:
  std::vector<std::string> needles_;
  Collation collation_;
  std::vector<bool> found_;
  std::size_t longest_ = 0;
  std::string tail_;  // the end of what was fed, folded: a match may begin in it
};

// In time linear in both, however they are chosen.
bool contains_text(std::string_view text, std::string_view needle);

}  // namespace kontor::groupware
