// SPDX-License-Identifier: AGPL-3.0-or-later
// The text that is being gathered from a document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kontor::extract {

// UTF-8 of a bounded length. White space at the ends of lines and empty lines are left out.
class Text {
 public:
  explicit Text(std::size_t limit) : limit_(limit) {}

  // `utf8` is valid. What is beyond the limit is dropped, between two characters.
  void add(std::string_view utf8);
  void blank();
  void line_end();

  // Nothing more will be kept.
  bool is_full() const { return out_.size() >= limit_; }
  bool is_empty() const { return out_.empty(); }
  std::string take();

 private:
  void add_word(std::string_view word);

  std::size_t limit_;
  std::string out_;
  // Owed before the next word; written only once there is one.
  enum class Gap : char { none, blank, line } gap_ = Gap::none;
};

}  // namespace kontor::extract
