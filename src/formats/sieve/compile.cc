// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/sieve/compare.h"
#include "formats/sieve/compiler.h"

namespace kontor::sieve {

Compiled compile(std::string_view script, const CompileOptions& options) { return Compiler(options).compile(script); }

Compiled Compiler::compile(std::string_view script) {
  Compiled result;
  auto nodes = parse_syntax(script, options_.limits);
  if (!nodes) {
    result.faults.push_back(std::move(nodes.error()));
    return result;
  }
  compile_commands(*nodes, program_.commands, true);
  if (!faults_.empty()) {
    std::ranges::sort(faults_, [](const Fault& a, const Fault& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    result.faults = std::move(faults_);
    return result;
  }
  program_.required = enabled_;
  program_.locals = locals_.size();
  result.program = std::make_shared<const Program>(std::move(program_));
  return result;
}

void Compiler::fault(Position at, std::string text) {
  if (faults_.size() < options_.limits.faults) faults_.push_back({at, std::move(text)});
}

void Compiler::unknown(Position at, std::string text) {
  if (!can(Capability::ihave)) return fault(at, std::move(text));
  is_deferred_ = true;
  deferred_text_ = std::move(text);
}

void Compiler::compile_commands(const std::vector<SyntaxNode>& nodes, std::vector<Call>& out, bool is_top) {
  Op before = Op::fault;
  for (const SyntaxNode& node : nodes) {
    if (node.name == "require") {
      if (!is_top || other_command_seen_)
        fault(node.at, "'require' must stand at the script's beginning, before all other commands.");
      take_require(node);
      continue;
    }
    other_command_seen_ = true;
    const bool continues = node.name == "elsif" || node.name == "else";
    if (continues && before != Op::if_ && before != Op::elsif)
      fault(node.at, fmt::format("'{}' must follow directly behind an 'if' or 'elsif'.", node.name));
    Call call = compile_call(node, false);
    // A faulty "if" still is one for the "else" behind it.
    before = node.name == "if" ? Op::if_ : node.name == "elsif" ? Op::elsif : call.op;
    out.push_back(std::move(call));
  }
}

void Compiler::take_require(const SyntaxNode& node) {
  const bool is_sound = node.arguments.size() == 1 && node.arguments[0].kind == SyntaxArgument::Kind::strings &&
                        node.tests.empty() && !node.has_block;
  if (!is_sound) return fault(node.at, "'require' takes a list of extensions: require [\"fileinto\", \"copy\"];");
  for (const SyntaxString& wanted : node.arguments[0].strings) require(wanted);
}

void Compiler::require(const SyntaxString& wanted) {
  const auto capability = find_capability(wanted.text);
  if (!capability || !has(options_.capabilities, *capability)) {
    return fault(wanted.at, fmt::format("The extension '{}' is not available here.", wanted.text));
  }
  add(enabled_, *capability);
  if (*capability == Capability::vacation_seconds) add(enabled_, Capability::vacation);  // RFC 6131 section 2
}

Call Compiler::compile_call(const SyntaxNode& node, bool wants_test) {
  Call call;
  call.at = node.at;
  const Signature* signature = find_signature(node.name, wants_test);
  is_deferred_ = false;
  if (!signature) {
    const bool is_other = find_signature(node.name, !wants_test) != nullptr;
    unknown(node.at,
            is_other ? fmt::format("'{}' is a {} and cannot stand here.", node.name, wants_test ? "command" : "test")
                     : fmt::format("There is no {} '{}'.", wants_test ? "test" : "command", node.name));
  } else if (!can(signature->needs)) {
    unknown(node.at,
            fmt::format("'{}' needs require \"{}\"; at the script's beginning.", node.name, name(signature->needs)));
  } else if (check_shape(node, *signature)) {
    if (take_arguments(node, *signature, call)) call.op = signature->op;
  } else {
    return call;
  }
  if (is_deferred_) {  // what is inside may be of the missing extension, too
    Call deferred;
    deferred.at = node.at;
    deferred.arguments.emplace_back().texts.push_back({{Piece{Piece::Kind::literal, deferred_text_, 0}}});
    is_deferred_ = false;
    return deferred;
  }
  if (!signature) return call;
  for (const SyntaxNode& test : node.tests) call.tests.push_back(compile_call(test, true));
  if (call.op != Op::fault) {
    program_.ops.set(static_cast<std::size_t>(call.op));
    check_call(call);
  }
  if (call.op == Op::foreverypart)
    loops_.push_back(call.find(Tag::name) ? to_lower(call.find(Tag::name)->texts[0].constant()) : "");
  compile_commands(node.block, call.block, false);
  if (call.op == Op::foreverypart) loops_.pop_back();
  return call;
}

bool Compiler::check_shape(const SyntaxNode& node, const Signature& signature) {
  const auto wrong = [&](std::string_view what) {
    fault(node.at, fmt::format("'{}' {}", node.name, what));
    return false;
  };
  const bool takes_block = signature.shape == Shape::block || signature.shape == Shape::condition;
  if (takes_block && !node.has_block) return wrong("needs a block: { ... }");
  if (!takes_block && node.has_block) return wrong("takes no block: end it with ';'.");
  switch (signature.shape) {
    case Shape::condition:
    case Shape::test_one:
      if (node.tests.size() != 1 || node.has_test_list)
        return wrong("needs one test; for several: anyof (..., ...) or allof (..., ...).");
      break;
    case Shape::test_list:
      if (!node.has_test_list) return wrong("needs tests in parentheses: (test, test).");
      break;
    case Shape::action:
    case Shape::block:
    case Shape::test:
      if (!node.tests.empty()) return wrong("takes no test; is a ';' missing?");
      break;
  }
  return true;
}

bool Compiler::take_arguments(const SyntaxNode& node, const Signature& signature, Call& call) {
  std::string groups;
  std::vector<const SyntaxArgument*> positional;
  for (std::size_t at = 0; at < node.arguments.size(); at++) {
    const SyntaxArgument& argument = node.arguments[at];
    if (argument.kind != SyntaxArgument::Kind::tag) {
      positional.push_back(&argument);
      continue;
    }
    if (!positional.empty())
      return fault(argument.at,
                   fmt::format("':{}' must stand before the other arguments of '{}'.", argument.tag, node.name)),
             false;
    if (!take_tag(node, at, signature, groups, call)) return false;
  }
  return take_positional(node, positional, signature, call);
}

// At a tag: it and its value; moves `at` to the last of these.
bool Compiler::take_tag(const SyntaxNode& node, std::size_t& at, const Signature& signature, std::string& groups,
                        Call& call) {
  const SyntaxArgument& given = node.arguments[at];
  const TagRule* rule = find_tag(signature, given.tag);
  if (!rule) {
    unknown(given.at, fmt::format("'{}' takes no ':{}'.", node.name, given.tag));
    return false;
  }
  if (!can(rule->needs)) {
    unknown(given.at,
            fmt::format("':{}' needs require \"{}\"; at the script's beginning.", given.tag, name(rule->needs)));
    return false;
  }
  const bool is_double = call.has(rule->tag) || (rule->group != 0 && groups.find(rule->group) != std::string::npos);
  if (is_double) {
    fault(given.at, fmt::format("':{}' cannot be here besides what was given before.", given.tag));
    return false;
  }
  if (rule->group != 0) groups.push_back(rule->group);
  Argument value;
  if (rule->value != 0) {
    if (++at == node.arguments.size() || node.arguments[at].kind == SyntaxArgument::Kind::tag) {
      fault(given.at, fmt::format("':{}' needs a value behind it.", given.tag));
      return false;
    }
    value = compile_argument(node, node.arguments[at], rule->value);
  }
  if (rule->group == 'm') call.match = rule->tag;
  if (rule->group == 'p') call.part = rule->tag;
  call.tags.emplace_back(rule->tag, std::move(value));
  return true;
}

bool Compiler::take_positional(const SyntaxNode& node, const std::vector<const SyntaxArgument*>& given,
                               const Signature& signature, Call& call) {
  const std::string_view all = signature.arguments;
  const auto optional = static_cast<std::size_t>(std::ranges::count(all, '?'));
  const std::size_t most = all.size() - optional;
  if (given.size() > most || given.size() < most - optional) {
    fault(node.at, fmt::format("'{}' takes {}{} argument{} besides tags, not {}.", node.name,
                               optional > 0 ? fmt::format("{} or ", most - optional) : "", most, most == 1 ? "" : "s",
                               given.size()));
    return false;
  }
  bool skips = given.size() < most;
  std::size_t next = 0;
  for (std::size_t i = 0; i < all.size(); i++) {
    const bool is_optional = all[i] == '?';
    if (is_optional) i++;
    if (is_optional && skips) {
      call.arguments.emplace_back().is_given = false;
      skips = false;
    } else {
      call.arguments.push_back(compile_argument(node, *given[next++], all[i]));
    }
  }
  return true;
}

Argument Compiler::compile_argument(const SyntaxNode& node, const SyntaxArgument& given, char kind) {
  Argument argument;
  const bool is_number = given.kind == SyntaxArgument::Kind::number;
  if (kind == 'n') {
    if (!is_number) fault(given.at, fmt::format("'{}' needs a number here, without quotes.", node.name));
    argument.number = given.number;
    return argument;
  }
  if (is_number) {
    fault(given.at, fmt::format("'{}' needs a string here: put the number in double quotes.", node.name));
  } else if (kind == 's' && given.is_list) {
    fault(given.at, fmt::format("'{}' takes one string here, not a list.", node.name));
  }
  for (const SyntaxString& string : given.strings) argument.texts.push_back(compile_text(string));
  if (argument.texts.empty()) argument.texts.emplace_back();  // so that later checks find something
  return argument;
}

}  // namespace kontor::sieve
