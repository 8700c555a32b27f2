// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: unfolding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::lines {

// Joins folded lines. Bytes are not looked at further: a fold may lie within a character.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text);

  // The next line that is not empty, without its end; nothing at the end of the text. Valid until the next call.
  std::optional<std::string_view> next();
  std::size_t number() const { return number_; }          // of the line's first physical line, from 1
  std::size_t last_width() const { return last_width_; }  // of its last physical line

 private:
  std::string_view physical();
  bool continues() const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t physical_ = 0;
  std::size_t number_ = 0;
  std::size_t last_width_ = 0;
  char end_;
  std::string joined_;
};

// Whether the line can be a property: a name, maybe parameters, and a colon.
bool is_content_line(std::string_view line);

}  // namespace kontor::lines
