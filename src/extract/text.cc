// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/text.h"

#include <algorithm>
#include <utility>

namespace kontor::extract {
namespace {

constexpr std::string_view kWhite(" \t\r\n\f\v\0", 7);

}  // namespace

void Text::blank() { gap_ = std::max(gap_, Gap::blank); }
void Text::line_end() { gap_ = Gap::line; }

void Text::add(std::string_view utf8) {
  while (!utf8.empty() && !is_full()) {
    const auto end = utf8.find_first_of(kWhite);
    if (end != 0) add_word(utf8.substr(0, end));
    if (end == std::string_view::npos) return;
    if (utf8[end] == '\n')
      line_end();
    else
      blank();
    utf8.remove_prefix(end + 1);
  }
}

void Text::add_word(std::string_view word) {
  if (gap_ != Gap::none && !out_.empty()) out_ += gap_ == Gap::line ? '\n' : ' ';
  gap_ = Gap::none;
  if (is_full()) return;
  const std::size_t room = limit_ - out_.size();
  if (word.size() <= room) {
    out_ += word;
    return;
  }
  std::size_t end = room;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
  out_ += word.substr(0, end);
  limit_ = out_.size();
}

std::string Text::take() { return std::exchange(out_, {}); }

}  // namespace kontor::extract
