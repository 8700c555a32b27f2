// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: turns nodes into calls and finds what is wrong with them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/sieve/compile.h"
#include "formats/sieve/signature.h"
#include "formats/sieve/syntax.h"

namespace kontor::sieve {

class Compiler {
 public:
  explicit Compiler(const CompileOptions& options) : options_(options) {}
  Compiled compile(std::string_view script);

 private:
  void compile_commands(const std::vector<SyntaxNode>& nodes, std::vector<Call>& out, bool is_top);
  void take_require(const SyntaxNode& node);
  void require(const SyntaxString& name);
  // Nothing of a call is used if it reported a fault; the rest is looked at all the same, for the faults in it.
  Call compile_call(const SyntaxNode& node, bool wants_test);
  bool check_shape(const SyntaxNode& node, const Signature& signature);
  bool take_arguments(const SyntaxNode& node, const Signature& signature, Call& call);
  bool take_tag(const SyntaxNode& node, std::size_t& at, const Signature& signature, std::string& groups, Call& call);
  bool take_positional(const SyntaxNode& node, const std::vector<const SyntaxArgument*>& given,
                       const Signature& signature, Call& call);
  Argument compile_argument(const SyntaxNode& node, const SyntaxArgument& given, char kind);
  Text compile_text(const SyntaxString& string);
  std::string decode_characters(const SyntaxString& string);
  bool append_variable(std::string_view reference, Position at, Text& text);

  // What only this command or this tag needs (compile_checks.cc).
  void check_call(Call& call);
  void make_unknown(Call& call, std::string text);
  void check_match(Call& call);
  void check_patterns(Call& call);
  void check_names(const Call& call);
  void check_header_names(const Call& call, const Argument& names);
  void check_address_headers(const Call& call);
  void check_date(const Call& call);
  void check_vacation(const Call& call);
  void check_variable_names(Call& call);
  void check_globals(const Call& call);
  void check_ihave(Call& call);
  void check_loops(const Call& call);
  void check_one_of(const Call& call, std::initializer_list<Tag> tags, std::string_view what);

  void fault(Position at, std::string text);
  // What a missing extension may be the reason for: with "ihave" it is a fault only if it is reached.
  void unknown(Position at, std::string text);
  bool can(Capability capability) const { return has(enabled_, capability); }

  const CompileOptions& options_;
  Program program_;
  Capabilities enabled_;
  std::vector<Fault> faults_;
  std::map<std::string, std::uint32_t, std::less<>> locals_;
  std::set<std::string, std::less<>> globals_;
  std::vector<std::string> loops_;  // names of the foreverypart loops around; "" if it has none
  bool is_deferred_ = false;        // the call being compiled met something unknown
  std::string deferred_text_;
  bool other_command_seen_ = false;
};

// Whether `name` can name a variable (RFC 5229 section 3): lower case, letters first.
bool is_variable_name(std::string_view name);
bool is_header_name(std::string_view name);
bool is_date_part(std::string_view part);
std::optional<int> parse_zone(std::string_view zone);  // "+0130" → 90

}  // namespace kontor::sieve
