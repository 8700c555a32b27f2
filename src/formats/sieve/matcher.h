// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: compares values with the keys of a test, one value after another (RFC 5228 section 2.7).
#pragma once

#include "formats/sieve/pattern.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {

class Matcher {
 public:
  // `keys`: the argument of `call` that holds them. Null: every value matches (deleteheader).
  static Result<Matcher> make(Runner& runner, const Call& call, const Argument* keys);

  // Whether the value matches; with ":count" never, that is for end(). A match sets the match variables.
  Result<bool> take(std::string_view value);
  Result<bool> end();
  bool counts() const { return call_->match == Tag::count; }

 private:
  struct Key {
    std::string text;
    std::string folded;
    std::shared_ptr<const Pattern> pattern;
  };

  Matcher(Runner& runner, const Call& call) : runner_(&runner), call_(&call) {}
  void add_flag_keys(std::string_view text);
  Result<bool> matches(const Key& key, std::string_view value, std::string_view folded);
  void remember(const std::vector<std::string_view>& captures, std::string_view whole);

  Runner* runner_;
  const Call* call_;
  bool takes_all_ = false;
  std::vector<Key> keys_;
  std::uint64_t count_ = 0;
};

}  // namespace kontor::sieve
