// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/managesieve/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "wire/managesieve/response.h"

namespace kontor::wire::managesieve {
namespace {

struct Grammar {
  Verb verb;
  std::string_view name;
  // n a script's name, N one that may be empty, s a string, # a number; "?" before one that may be left out.
  std::string_view arguments;
};

constexpr Grammar kGrammar[] = {
    {Verb::authenticate, "AUTHENTICATE", "s?s"},
    {Verb::starttls, "STARTTLS", ""},
    {Verb::logout, "LOGOUT", ""},
    {Verb::capability, "CAPABILITY", ""},
    {Verb::havespace, "HAVESPACE", "n#"},
    {Verb::putscript, "PUTSCRIPT", "ns"},
    {Verb::listscripts, "LISTSCRIPTS", ""},
    {Verb::setactive, "SETACTIVE", "N"},
    {Verb::getscript, "GETSCRIPT", "n"},
    {Verb::deletescript, "DELETESCRIPT", "n"},
    {Verb::renamescript, "RENAMESCRIPT", "nn"},
    {Verb::checkscript, "CHECKSCRIPT", "s"},
    {Verb::noop, "NOOP", "?s"},
    {Verb::unauthenticate, "UNAUTHENTICATE", ""},
};

// Empty if the arguments are what the grammar says, else the sentence that refuses them.
std::string check_arguments(const Grammar& grammar, const std::vector<Argument>& arguments) {
  std::size_t next = 0;
  bool is_optional = false;
  for (const char kind : grammar.arguments) {
    if (kind == '?') {
      is_optional = true;
      continue;
    }
    if (next == arguments.size()) return is_optional ? "" : fmt::format("{} needs more arguments.", grammar.name);
    const Argument& argument = arguments[next++];
    if (argument.is_number != (kind == '#'))
      return fmt::format("An argument of {} is of the wrong kind.", grammar.name);
    const bool is_name = kind == 'n' || (kind == 'N' && !argument.text.empty());
    if (is_name && !is_script_name(argument.text)) return "This cannot be the name of a script.";
  }
  return next == arguments.size() ? "" : fmt::format("{} takes fewer arguments.", grammar.name);
}

}  // namespace

std::string_view name(Verb verb) { return kGrammar[static_cast<std::size_t>(verb)].name; }

std::expected<Command, std::string> parse_command(Request request) {
  const auto* grammar = std::ranges::find(kGrammar, request.name, &Grammar::name);
  if (grammar == std::end(kGrammar)) return std::unexpected("There is no such command.");
  if (std::string fault = check_arguments(*grammar, request.arguments); !fault.empty())
    return std::unexpected(std::move(fault));
  auto& given = request.arguments;
  Command command;
  command.verb = grammar->verb;
  switch (grammar->verb) {
    case Verb::authenticate:
      command.name = to_upper(given[0].text);
      if (given.size() > 1) command.text = std::move(given[1].text);
      break;
    case Verb::noop:
      if (!given.empty()) command.text = std::move(given[0].text);
      break;
    case Verb::havespace:
      command.size = given[1].number;
      [[fallthrough]];
    case Verb::setactive:
    case Verb::getscript:
    case Verb::deletescript:
      command.name = std::move(given[0].text);
      break;
    case Verb::putscript:
      command.name = std::move(given[0].text);
      command.script = std::move(given[1].text);
      break;
    case Verb::renamescript:
      command.name = std::move(given[0].text);
      command.new_name = std::move(given[1].text);
      break;
    case Verb::checkscript:
      command.script = std::move(given[0].text);
      break;
    default:
      break;
  }
  return command;
}

}  // namespace kontor::wire::managesieve
