// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: the language's words, as tables: which commands and tests there are and what each takes.
#pragma once

#include <optional>
#include <string_view>

#include "formats/sieve/program.h"

namespace kontor::sieve {

enum class Shape : std::uint8_t {
  action,     // ends with ";"
  block,      // { ... }
  condition,  // a test and { ... }
  test,       // a test without others in it
  test_one,   // not
  test_list,  // anyof, allof
};

struct Signature {
  std::string_view name;
  Op op;
  Capability needs;
  Shape shape;
  // Positional arguments: s string, S string list, n number; "?" before one that may be left out.
  std::string_view arguments;
  // Tags, with blanks between; MATCH and PART stand for their groups; "-" before one that needs no extension besides
  // the command's.
  std::string_view tags;
};

struct TagRule {
  std::string_view name;
  Tag tag;
  char value;  // as in Signature::arguments; 0 if it has none
  Capability needs;
  char group;  // of those with the same one only one may be given; 0: none
};

inline bool is_test(const Signature& signature) { return signature.shape >= Shape::test; }

const Signature* find_signature(std::string_view name, bool is_test);
const TagRule* find_tag(const Signature& signature, std::string_view name);

}  // namespace kontor::sieve
