// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: a script as its grammar has it (RFC 5228 section 8.2), before its words mean anything.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "formats/sieve/fault.h"
#include "formats/sieve/limits.h"

namespace kontor::sieve {

struct SyntaxString {
  Position at;
  std::string text;
};

struct SyntaxArgument {
  enum class Kind : std::uint8_t { strings, number, tag };

  Kind kind = Kind::strings;
  Position at;
  std::vector<SyntaxString> strings;
  bool is_list = false;  // in brackets
  std::uint64_t number = 0;
  std::string tag;
};

// A command or a test.
struct SyntaxNode {
  Position at;
  std::string name;  // lower case
  std::vector<SyntaxArgument> arguments;
  std::vector<SyntaxNode> tests;
  bool has_test_list = false;  // in parentheses
  std::vector<SyntaxNode> block;
  bool has_block = false;
};

// The script's commands, or the first place where it breaks the grammar or a limit.
std::expected<std::vector<SyntaxNode>, Fault> parse_syntax(std::string_view script, const CompileLimits& limits);

}  // namespace kontor::sieve
