// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests of ManageSieve (RFC 5804 section 4): a word, then strings and numbers. Bytes come in pieces of any size;
// literals are never waited for by the client, so that a request is read to its end also where it is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::wire::managesieve {

struct Argument {
  bool operator==(const Argument&) const = default;

  bool is_number = false;
  std::uint64_t number = 0;
  std::string text;  // of a string: any bytes but NUL
};

struct Request {
  bool operator==(const Request&) const = default;

  std::string name;  // upper case
  std::vector<Argument> arguments;
};

struct RequestLimits {
  std::size_t line = 8 << 10;       // of everything but literals
  std::size_t literal = 1 << 20;    // of one; larger ones are read and dropped
  std::size_t dropped = 64U << 20;  // of one; what is larger ends the connection
  std::size_t arguments = 4;
};

// Why a request cannot be taken.
struct Problem {
  std::string text;
  bool is_too_large = false;  // a literal, and nothing else, was wrong with it
};

class RequestReader {
 public:
  explicit RequestReader(const RequestLimits& limits = {}) : limits_(limits) {}

  // Takes bytes up to the end of the request, and returns how many.
  std::size_t feed(std::string_view bytes);
  bool is_complete() const { return state_ == State::complete; }
  // Where the next request begins is no longer known: the connection must end.
  bool is_lost() const { return state_ == State::lost; }

  // Once it is complete (or lost): the request, or what is wrong with it. Then the next one can be read.
  const std::optional<Problem>& problem() const { return problem_; }
  Request take();

 private:
  enum class State : std::uint8_t {
    blank,
    word,
    quoted,
    quoted_escape,
    literal_size,
    literal_cr,
    literal_lf,
    literal,
    cr,
    complete,
    lost
  };

  std::size_t take_literal(std::string_view bytes);
  State next_state(char c);
  State begin_token(char c);
  State end_word(char c);
  State end_line(char c);
  State take_quoted(char c);
  State take_literal_size(char c);
  State begin_literal();
  void add_string();
  void wrong(std::string text);

  RequestLimits limits_;
  State state_ = State::blank;
  Request request_;
  std::optional<Problem> problem_;
  std::string token_;
  std::size_t line_bytes_ = 0;
  std::uint64_t literal_size_ = 0;  // then: what of it is left
  bool has_digits_ = false;
  bool ends_size_ = false;  // behind the "+"
  bool is_dropped_ = false;
  bool needs_blank_ = false;  // before another token
};

// As a client sends it: RequestReader reads it back.
std::string print(const Request& request);

}  // namespace kontor::wire::managesieve
