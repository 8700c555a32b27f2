// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/managesieve/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "wire/managesieve/response.h"

namespace kontor::wire::managesieve {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-';
}

}  // namespace

void RequestReader::wrong(std::string text) {
  if (!problem_ || problem_->is_too_large) problem_ = Problem{std::move(text), false};
}

std::size_t RequestReader::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::complete && state_ != State::lost) {
    if (state_ == State::literal) {
      at += take_literal(bytes.substr(at));
      continue;
    }
    if (++line_bytes_ > limits_.line) {
      wrong("The line is too long.");
      state_ = State::lost;
      break;
    }
    state_ = next_state(bytes[at++]);
  }
  return at;
}

std::size_t RequestReader::take_literal(std::string_view bytes) {
  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), literal_size_));
  if (!is_dropped_) token_.append(bytes.substr(0, size));
  literal_size_ -= size;
  if (literal_size_ == 0) {
    add_string();
    state_ = State::blank;
  }
  return size;
}

RequestReader::State RequestReader::next_state(char c) {
  switch (state_) {
    case State::blank:
      return begin_token(c);
    case State::word:
      if (is_word_char(c)) {
        token_.push_back(c);
        return State::word;
      }
      return end_word(c);
    case State::quoted:
    case State::quoted_escape:
      return take_quoted(c);
    case State::literal_size:
      return take_literal_size(c);
    case State::literal_cr:
      if (c == '\n') return begin_literal();
      if (c == '\r') return State::literal_lf;
      wrong("A literal's size must end its line.");
      return begin_token(c);
    case State::literal_lf:
      if (c == '\n') return begin_literal();
      wrong("A literal's size must end its line.");
      return begin_token(c);
    case State::cr:
      if (c == '\n') return end_line(c);
      wrong("A line must end with CR LF.");
      return begin_token(c);
    case State::literal:
    case State::complete:
    case State::lost:
      break;
  }
  return state_;
}

RequestReader::State RequestReader::begin_token(char c) {
  if (c == ' ') {
    needs_blank_ = false;
    return State::blank;
  }
  if (c == '\r') return State::cr;
  if (c == '\n') return end_line(c);
  if (needs_blank_) wrong("Between arguments stands one blank.");
  needs_blank_ = true;
  token_.clear();
  if (c == '"') return State::quoted;
  if (c == '{') {
    literal_size_ = 0;
    has_digits_ = ends_size_ = is_dropped_ = false;
    return State::literal_size;
  }
  if (is_word_char(c)) {
    token_.push_back(c);
    return State::word;
  }
  wrong("This is no request: it begins with a word, and strings stand in quotes.");
  return State::blank;
}

RequestReader::State RequestReader::end_word(char c) {
  if (request_.name.empty() && request_.arguments.empty()) {
    request_.name = to_upper(token_);
  } else {
    Argument argument;
    argument.is_number = true;
    const auto parsed = std::from_chars(token_.data(), token_.data() + token_.size(), argument.number);
    if (parsed.ec != std::errc() || parsed.ptr != token_.data() + token_.size()) {
      wrong("An argument is a number or a string in quotes.");
    } else if (request_.arguments.size() == limits_.arguments) {
      wrong("There are too many arguments.");
    } else {
      request_.arguments.push_back(std::move(argument));
    }
  }
  token_.clear();
  return begin_token(c);
}

RequestReader::State RequestReader::end_line(char) {
  if (request_.name.empty()) wrong("A command is missing.");
  return State::complete;
}

// RFC 5804 section 4: no line ends within quotes. One that is never closed ends with its line.
RequestReader::State RequestReader::take_quoted(char c) {
  if (c == '\n' || c == '\r') {
    wrong("A string in quotes has no end on its line.");
    return begin_token(c);
  }
  if (state_ == State::quoted && c == '"') {
    add_string();
    return State::blank;
  }
  if (state_ == State::quoted && c == '\\') return State::quoted_escape;
  if (state_ == State::quoted_escape && c != '"' && c != '\\')
    wrong("In quotes a backslash stands before a quote or a backslash.");
  token_.push_back(c);
  return State::quoted;
}

RequestReader::State RequestReader::take_literal_size(char c) {
  if (is_digit(c) && !ends_size_) {
    has_digits_ = true;
    literal_size_ = literal_size_ * 10 + static_cast<std::uint64_t>(c - '0');
    if (literal_size_ <= limits_.dropped) return State::literal_size;
    wrong("A literal is too large.");
    return State::lost;
  }
  if (c == '+' && has_digits_ && !ends_size_) {
    ends_size_ = true;
    return State::literal_size;
  }
  if (c == '}' && has_digits_) return State::literal_cr;
  wrong("A literal begins with its size: {10+}.");
  return begin_token(c);
}

RequestReader::State RequestReader::begin_literal() {
  if (request_.name.empty()) wrong("A command is missing.");
  is_dropped_ =
      literal_size_ > limits_.literal || problem_.has_value() || request_.arguments.size() == limits_.arguments;
  if (literal_size_ > limits_.literal && !problem_) problem_ = Problem{"A string is too large.", true};
  if (literal_size_ > 0) return State::literal;
  add_string();
  return State::blank;
}

void RequestReader::add_string() {
  if (request_.name.empty()) wrong("A command is missing.");
  if (token_.find('\0') != std::string::npos) wrong("A string may not hold a NUL character.");
  if (request_.arguments.size() == limits_.arguments) {
    wrong("There are too many arguments.");
  } else {
    request_.arguments.push_back({false, 0, std::move(token_)});
  }
  token_.clear();
}

Request RequestReader::take() {
  Request request = std::move(request_);
  *this = RequestReader(limits_);
  return request;
}

std::string print(const Request& request) {
  std::string out = request.name;
  for (const Argument& argument : request.arguments) {
    out += ' ';
    out += argument.is_number ? fmt::format("{}", argument.number) : print_string(argument.text, true);
  }
  return out + "\r\n";
}

}  // namespace kontor::wire::managesieve
