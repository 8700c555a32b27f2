// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/command.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace kontor::wire::smtp {
namespace {

constexpr std::size_t kMaxParameters = 32;

constexpr std::array<std::string_view, 14> kVerbNames = {"LHLO", "EHLO", "HELO", "MAIL", "RCPT", "DATA",     "BDAT",
                                                         "RSET", "NOOP", "VRFY", "HELP", "QUIT", "STARTTLS", "AUTH"};

using Parsed = std::expected<Command, Reply>;

std::unexpected<Reply> syntax(std::string text) { return std::unexpected(Reply(501, "5.5.4", std::move(text))); }

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  std::size_t end = text.find_first_of(" \t");
  std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : trim_blanks(text.substr(end));
  return word;
}

// At most 20 digits, as RFC 1870 section 3 has it.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  // A size beyond 64 bits is a size that is too large, not a syntax error.
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  if (error != std::errc()) return std::nullopt;
  return value;
}

bool is_keyword(std::string_view word) {
  auto fits = [](unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-'; };
  return !word.empty() && word.front() != '-' && std::all_of(word.begin(), word.end(), fits);
}

// RFC 5321 section 4.1.1.1, for MAIL.
std::expected<void, Reply> mail_parameter(Command& command, const Parameter& parameter) {
  if (parameter.keyword == "SIZE") {
    auto size = parameter.value ? parse_number(*parameter.value) : std::nullopt;
    if (!size) return syntax("SIZE needs a number of bytes");
    command.size = *size;
  } else if (parameter.keyword == "BODY") {
    std::string body = to_upper(parameter.value.value_or(""));
    if (body != "7BIT" && body != "8BITMIME" && body != "BINARYMIME")
      return syntax("BODY is 7BIT, 8BITMIME or BINARYMIME");
    command.body = body == "7BIT" ? Body::seven_bit : body == "8BITMIME" ? Body::eight_bit : Body::binary;
  } else if (parameter.keyword == "SMTPUTF8") {
    if (parameter.value) return syntax("SMTPUTF8 takes no value");
    command.is_utf8 = true;
  } else {
    command.unknown.push_back(parameter);
  }
  return {};
}

std::expected<void, Reply> parameters(Command& command, std::string_view rest) {
  std::size_t count = 0;
  for (rest = trim_blanks(rest); !rest.empty();) {
    if (++count > kMaxParameters) return syntax("Too many parameters");
    std::string_view word = take_word(rest);
    auto equals = word.find('=');
    Parameter parameter{to_upper(word.substr(0, equals)), std::nullopt};
    if (!is_keyword(parameter.keyword)) return syntax("Bad parameter after the address");
    if (equals != std::string_view::npos) parameter.value = std::string(word.substr(equals + 1));
    if (command.verb == Verb::mail) {
      if (auto done = mail_parameter(command, parameter); !done) return done;
    } else {
      command.unknown.push_back(std::move(parameter));
    }
  }
  return {};
}

// "FROM:<path> parameters" or "TO:<path> parameters"; blanks before and after the colon are tolerated.
Parsed with_path(Command command, std::string_view rest, std::string_view word) {
  std::string wanted = "Expected " + std::string(name(command.verb)) + " " + std::string(word) + ":<address>";
  if (!iequals(rest.substr(0, word.size()), word)) return syntax(wanted);
  rest = trim_blanks(rest.substr(std::min(rest.size(), word.size())));
  if (!rest.starts_with(':')) return syntax(wanted);
  rest = trim_blanks(rest.substr(1));
  auto path = take_path(rest);
  bool is_sender = command.verb == Verb::mail;
  std::string_view bad_address = is_sender ? "5.1.7" : "5.1.3";
  if (!path || (!rest.empty() && rest.front() != ' ' && rest.front() != '\t'))
    return std::unexpected(Reply(501, bad_address, "Bad address syntax"));
  if (path->is_null() && !is_sender) return std::unexpected(Reply(501, bad_address, "A recipient cannot be empty"));
  command.path = *std::move(path);
  if (auto done = parameters(command, rest); !done) return std::unexpected(done.error());
  return command;
}

Parsed hello(Command command, std::string_view rest) {
  if (rest.empty()) return syntax(std::string(name(command.verb)) + " needs the name of the client");
  if (rest.size() > kMaxDomain) return syntax("The name is too long");
  command.text = rest;
  return command;
}

// RFC 3030 section 2.
Parsed chunk(Command command, std::string_view rest) {
  auto size = parse_number(take_word(rest));
  if (!size || (!rest.empty() && !iequals(rest, "LAST"))) return syntax("Expected BDAT size [LAST]");
  command.chunk = *size;
  command.is_last = !rest.empty();
  return command;
}

Parsed parse_arguments(Command command, std::string_view rest) {
  switch (command.verb) {
    case Verb::lhlo:
    case Verb::ehlo:
    case Verb::helo:
      return hello(std::move(command), rest);
    case Verb::mail:
      return with_path(std::move(command), rest, "FROM");
    case Verb::rcpt:
      return with_path(std::move(command), rest, "TO");
    case Verb::bdat:
      return chunk(std::move(command), rest);
    case Verb::noop:
    case Verb::vrfy:
    case Verb::help:
      command.text = rest;
      return command;
    case Verb::auth:
      if (rest.empty()) return syntax("AUTH needs a mechanism");
      command.text = rest;
      return command;
    case Verb::data:
    case Verb::rset:
    case Verb::quit:
    case Verb::starttls:
      break;
  }
  if (!rest.empty()) return syntax(std::string(name(command.verb)) + " takes no parameters");
  return command;
}

}  // namespace

std::string_view name(Verb verb) { return kVerbNames.at(static_cast<std::size_t>(verb)); }

std::expected<Command, Reply> parse_command(std::string_view line) {
  auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
  if (std::any_of(line.begin(), line.end(), is_control))
    return std::unexpected(Reply(500, "5.5.2", "Control characters in a command"));
  std::string_view rest = trim_blanks(line);
  std::string verb = to_upper(take_word(rest));
  auto found = std::find(kVerbNames.begin(), kVerbNames.end(), verb);
  if (found == kVerbNames.end()) return std::unexpected(Reply(500, "5.5.1", "Unknown command"));
  Command command;
  command.verb = static_cast<Verb>(found - kVerbNames.begin());
  return parse_arguments(std::move(command), rest);
}

std::string print(const Command& command) {
  std::string out(name(command.verb));
  if (command.verb == Verb::mail || command.verb == Verb::rcpt) {
    out += (command.verb == Verb::mail ? " FROM:<" : " TO:<") + command.path.to_string() + ">";
    if (command.size) out += " SIZE=" + std::to_string(*command.size);
    if (command.body == Body::eight_bit) out += " BODY=8BITMIME";
    if (command.body == Body::binary) out += " BODY=BINARYMIME";
    if (command.is_utf8) out += " SMTPUTF8";
    for (const Parameter& parameter : command.unknown)
      out += " " + parameter.keyword + (parameter.value ? "=" + *parameter.value : "");
  } else if (command.verb == Verb::bdat) {
    out += " " + std::to_string(command.chunk) + (command.is_last ? " LAST" : "");
  } else if (!command.text.empty()) {
    out += " " + command.text;
  }
  return out;
}

}  // namespace kontor::wire::smtp
