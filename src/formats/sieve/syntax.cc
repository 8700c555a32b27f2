// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/syntax.h"

#include <fmt/format.h>

#include "base/result.h"
#include "formats/mime/charset.h"
#include "formats/sieve/lexer.h"

namespace kontor::sieve {
namespace {

class SyntaxReader {
 public:
  SyntaxReader(std::string_view script, const CompileLimits& limits) : lexer_(script), limits_(limits) {}
  std::expected<std::vector<SyntaxNode>, Fault> read();

 private:
  using Step = std::expected<void, Fault>;

  Step advance();
  Step read_commands(std::vector<SyntaxNode>& out);
  Step read_node(SyntaxNode& node);
  Step read_arguments(SyntaxNode& node);
  Step read_string_list(SyntaxArgument& argument);
  Step read_string(SyntaxArgument& argument);
  Step read_tests(SyntaxNode& node);
  Step read_test(SyntaxNode& node);
  Step enter(Position at);
  std::unexpected<Fault> wrong(std::string text) const { return std::unexpected(Fault{token_.at, std::move(text)}); }
  std::string found() const;

  Lexer lexer_;
  const CompileLimits& limits_;
  Token token_;
  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
  std::size_t strings_ = 0;
};

std::string SyntaxReader::found() const {
  switch (token_.kind) {
    case Token::Kind::identifier:
      return "'" + token_.text + "'";
    case Token::Kind::tag:
      return "':" + token_.text + "'";
    case Token::Kind::number:
      return "a number";
    case Token::Kind::string:
      return "a string";
    case Token::Kind::punctuation:
      return "'" + token_.text + "'";
    case Token::Kind::end:
      break;
  }
  return "the script's end";
}

SyntaxReader::Step SyntaxReader::advance() {
  TRY(token_, lexer_.next());
  return {};
}

SyntaxReader::Step SyntaxReader::enter(Position at) {
  if (++nodes_ > limits_.nodes) return std::unexpected(Fault{at, "The script has too many commands and tests."});
  if (depth_ > limits_.depth) return std::unexpected(Fault{at, "Blocks and tests are nested too deeply here."});
  return {};
}

std::expected<std::vector<SyntaxNode>, Fault> SyntaxReader::read() {
  std::vector<SyntaxNode> commands;
  TRY_VOID(advance());
  TRY_VOID(read_commands(commands));
  if (token_.kind != Token::Kind::end) return wrong("This '}' closes nothing.");
  return commands;
}

SyntaxReader::Step SyntaxReader::read_commands(std::vector<SyntaxNode>& out) {
  while (token_.kind != Token::Kind::end && !token_.is('}')) {
    if (token_.kind != Token::Kind::identifier)
      return wrong(fmt::format("A command must begin here, not {}.", found()));
    SyntaxNode& node = out.emplace_back();
    TRY_VOID(enter(token_.at));
    TRY_VOID(read_node(node));
    if (token_.is(';')) {
      TRY_VOID(advance());
      continue;
    }
    if (!token_.is('{'))
      return wrong(fmt::format("'{}' must end with ';' or go on with a block, not with {}.", node.name, found()));
    const Position opened = token_.at;
    TRY_VOID(advance());
    node.has_block = true;
    depth_++;
    TRY_VOID(read_commands(node.block));
    depth_--;
    if (!token_.is('}')) return std::unexpected(Fault{opened, "This block has no end: a '}' is missing."});
    TRY_VOID(advance());
  }
  return {};
}

// At an identifier: it, its arguments and tests.
SyntaxReader::Step SyntaxReader::read_node(SyntaxNode& node) {
  node.at = token_.at;
  node.name = std::move(token_.text);
  TRY_VOID(advance());
  TRY_VOID(read_arguments(node));
  return read_tests(node);
}

SyntaxReader::Step SyntaxReader::read_arguments(SyntaxNode& node) {
  for (;;) {
    SyntaxArgument argument;
    argument.at = token_.at;
    if (token_.kind == Token::Kind::tag) {
      argument.kind = SyntaxArgument::Kind::tag;
      argument.tag = std::move(token_.text);
      TRY_VOID(advance());
    } else if (token_.kind == Token::Kind::number) {
      argument.kind = SyntaxArgument::Kind::number;
      argument.number = token_.number;
      TRY_VOID(advance());
    } else if (token_.kind == Token::Kind::string) {
      TRY_VOID(read_string(argument));
    } else if (token_.is('[')) {
      TRY_VOID(read_string_list(argument));
    } else {
      return {};
    }
    if (node.arguments.size() == 64)
      return std::unexpected(Fault{argument.at, fmt::format("'{}' has too many arguments.", node.name)});
    node.arguments.push_back(std::move(argument));
  }
}

SyntaxReader::Step SyntaxReader::read_string(SyntaxArgument& argument) {
  if (++strings_ > limits_.strings) return wrong("The script has too many strings.");
  argument.strings.push_back({token_.at, std::move(token_.text)});
  return advance();
}

SyntaxReader::Step SyntaxReader::read_string_list(SyntaxArgument& argument) {
  argument.is_list = true;
  TRY_VOID(advance());
  for (;;) {
    if (token_.kind != Token::Kind::string)
      return wrong(fmt::format("A list holds strings in double quotes, not {}.", found()));
    TRY_VOID(read_string(argument));
    if (token_.is(']')) return advance();
    if (!token_.is(','))
      return wrong(fmt::format("Between a list's strings stands ',', and ']' behind the last, not {}.", found()));
    TRY_VOID(advance());
  }
}

SyntaxReader::Step SyntaxReader::read_tests(SyntaxNode& node) {
  if (token_.kind == Token::Kind::identifier) return read_test(node);
  if (!token_.is('(')) return {};
  node.has_test_list = true;
  do {
    TRY_VOID(advance());
    if (token_.kind != Token::Kind::identifier) return wrong(fmt::format("A test must begin here, not {}.", found()));
    TRY_VOID(read_test(node));
  } while (token_.is(','));
  if (!token_.is(')')) return wrong(fmt::format("Between tests stands ',', and ')' behind the last, not {}.", found()));
  return advance();
}

SyntaxReader::Step SyntaxReader::read_test(SyntaxNode& node) {
  depth_++;
  TRY_VOID(enter(token_.at));
  SyntaxNode test;
  TRY_VOID(read_node(test));
  node.tests.push_back(std::move(test));
  depth_--;
  return {};
}

}  // namespace

std::expected<std::vector<SyntaxNode>, Fault> parse_syntax(std::string_view script, const CompileLimits& limits) {
  if (script.size() > limits.script_bytes)
    return std::unexpected(Fault{{}, fmt::format("The script is larger than {} bytes.", limits.script_bytes)});
  if (script.starts_with("\xEF\xBB\xBF")) script.remove_prefix(3);
  if (!mime::is_utf8(script)) return std::unexpected(Fault{{}, "The script is not UTF-8: save it in that encoding."});
  return SyntaxReader(script, limits).read();
}

}  // namespace kontor::sieve
