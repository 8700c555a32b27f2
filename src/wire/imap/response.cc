// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/response.h"

#include <algorithm>
#include <charconv>

#include "wire/imap/response_text.h"

namespace kontor::wire::imap::client {
namespace {

// The size of the literal that the line announces with its last characters: "{12}", "{12+}", "~{12}".
std::optional<std::uint64_t> literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  auto digits = line.substr(open + 1, line.size() - open - 2);
  if (digits.ends_with('+')) digits.remove_suffix(1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

}  // namespace

ResponseParser::Step ResponseParser::broken(std::string why) {
  mode_ = Mode::broken;
  error_ = std::move(why);
  return Step::broken;
}

ResponseParser::Step ResponseParser::next(std::string_view& bytes) {
  while (true) {
    switch (mode_) {
      case Mode::broken:
        return Step::broken;
      case Mode::line: {
        const auto step = take_line(bytes);
        // A literal that is collected follows: not an event yet.
        if (step == Step::need_more && !bytes.empty()) continue;
        return step;
      }
      case Mode::literal: {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        literals_.back().append(bytes.substr(0, count));
        bytes.remove_prefix(count);
        left_ -= count;
        if (left_ > 0) return Step::need_more;
        mode_ = Mode::line;
        if (bytes.empty()) return Step::need_more;
        continue;
      }
      case Mode::body: {
        if (left_ == 0) {
          mode_ = Mode::line;
          return Step::body_end;
        }
        if (bytes.empty()) return Step::need_more;
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        piece_ = bytes.substr(0, count);
        bytes.remove_prefix(count);
        left_ -= count;
        return Step::body_piece;
      }
    }
  }
}

ResponseParser::Step ResponseParser::take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  const auto line = bytes.substr(0, end);
  if (text_.size() + line.size() > limits_.line) return broken("a response is longer than a client can take");
  text_.append(line);
  if (end == std::string_view::npos) {
    bytes = {};
    return Step::need_more;
  }
  bytes.remove_prefix(end + 1);
  if (text_.ends_with('\r')) text_.pop_back();
  return end_of_line();
}

ResponseParser::Step ResponseParser::end_of_line() {
  const auto size = is_status_line(text_) ? std::nullopt : literal_at_end(text_);
  if (!size) {
    // Empty lines between responses are a known fault of some servers.
    if (text_.empty()) return Step::need_more;
    response_ = parse_response(text_, literals_, limits_.depth);
    text_.clear();
    literals_.clear();
    collected_ = 0;
    bodies_ = 0;
    return Step::response;
  }
  left_ = *size;
  if (ends_with_body(text_)) {
    if (++bodies_ > limits_.bodies) return broken("a response holds more contents than a message has");
    const auto known = parse_fetch_start(text_, literals_, limits_.depth);
    body_ = Body{known.sequence, known.uid, *size};
    mode_ = Mode::body;
  } else {
    collected_ += static_cast<std::size_t>(std::min<std::uint64_t>(*size, limits_.line));
    if (*size > limits_.literal || collected_ > limits_.line)
      return broken("a literal is longer than a client can take");
    mode_ = Mode::literal;
  }
  literals_.emplace_back();
  text_.append("\r\n");
  return mode_ == Mode::body ? Step::body_start : Step::need_more;
}

}  // namespace kontor::wire::imap::client
