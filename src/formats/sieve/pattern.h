// SPDX-License-Identifier: AGPL-3.0-or-later
// Regular expressions for ":regex" (draft-ietf-sieve-regex): POSIX extended ones, matched in time linear in the text
// whatever the expression is. See decision 0014. Thread-safe once made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/sieve/program.h"

namespace kontor::sieve {

class Pattern {
 public:
  // invalid: no such expression, or too large; the text says which.
  static Result<std::shared_ptr<const Pattern>> compile(Comparator comparator, std::string_view expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // Whether it matches anywhere in `text`: the leftmost and longest match, then its groups (empty if they took no
  // part).
  std::optional<std::vector<std::string_view>> find(std::string_view text) const;

 private:
  struct Engine;
  explicit Pattern(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

std::string quote_regex(std::string_view text);

}  // namespace kontor::sieve
