// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/managesieve/command.h"
#include "wire/managesieve/request.h"
#include "wire/managesieve/response.h"

namespace kontor::wire::managesieve {
namespace {

// The request as text: NAME "string" 12; or its problem.
std::string read_request(std::string_view bytes, std::size_t piece = 1000, const RequestLimits& limits = {}) {
  RequestReader reader(limits);
  std::size_t at = 0;
  while (at < bytes.size() && !reader.is_complete() && !reader.is_lost()) {
    const std::string_view part = bytes.substr(at, piece);
    at += reader.feed(part);
  }
  if (reader.is_lost()) return "lost: " + reader.problem()->text;
  if (!reader.is_complete()) return "incomplete";
  std::string text;
  if (const auto& problem = reader.problem()) {
    text = (problem->is_too_large ? "too large: " : "wrong: ") + problem->text;
  } else {
    const Request request = reader.take();
    text = request.name;
    for (const Argument& argument : request.arguments)
      text += argument.is_number ? " " + std::to_string(argument.number) : " <" + argument.text + ">";
  }
  if (at < bytes.size()) text += " | " + std::string(bytes.substr(at));
  return text;
}

struct RequestCase {
  const char* bytes;
  const char* meaning;
};

TEST(ManagesieveRequest, Reads) {
  const RequestCase cases[] = {
      {"noop\r\n", "NOOP"},
      {"NOOP\n", "NOOP"},
      {"NOOP \"STARTTLS-SYNC-42\"\r\nLOGOUT\r\n", "NOOP <STARTTLS-SYNC-42> | LOGOUT\r\n"},
      {"Havespace \"myscript\" 999999\r\n", "HAVESPACE <myscript> 999999"},
      {"Putscript \"foo\" {31+}\r\n#comment\r\nInvalidSieveCommand\r\n\r\n",
       "PUTSCRIPT <foo> <#comment\r\nInvalidSieveCommand\r\n>"},
      {"Putscript {3+}\r\nfoo {5}\r\nkeep;\r\n", "PUTSCRIPT <foo> <keep;>"},
      {"Setactive \"\"\r\n", "SETACTIVE <>"},
      {"Setactive {0+}\r\n\r\n", "SETACTIVE <>"},
      {"Getscript \"a\\\"b\\\\c\"\r\n", "GETSCRIPT <a\"b\\c>"},
      {"\r\n", "wrong: A command is missing."},
      {"\"x\"\r\n", "wrong: A command is missing."},
      {"Getscript \"abc\r\n", "wrong: A string in quotes has no end on its line."},
      {"Getscript \"a\\b\"\r\n", "wrong: In quotes a backslash stands before a quote or a backslash."},
      {"Getscript abc\r\n", "wrong: An argument is a number or a string in quotes."},
      {"Getscript \"a\"\"b\"\r\n", "wrong: Between arguments stands one blank."},
      {"Getscript {x+}\r\n", "wrong: A literal begins with its size: {10+}."},
      {"Getscript {1+} \r\n", "wrong: A literal's size must end its line."},
      {"Getscript (1)\r\n", "wrong: This is no request: it begins with a word, and strings stand in quotes."},
      {"A 1 2 3 4 5\r\n", "wrong: There are too many arguments."},
      // What is wrong is read to its end: a literal behind it is no request.
      {"Getscript ( {8+}\r\nLOGOUT\r\n\r\nNOOP\r\n",
       "wrong: This is no request: it begins with a word, and strings stand in quotes. | NOOP\r\n"},
      {"Getscript {99999999999999999999+}\r\n", "lost: A literal is too large."},
      {"Getscript", "incomplete"},
      {"Putscript \"a\" {5+}\r\nkeep;", "incomplete"},
  };
  for (const RequestCase& c : cases) {
    EXPECT_EQ(read_request(c.bytes), c.meaning) << c.bytes;
    EXPECT_EQ(read_request(c.bytes, 1), c.meaning) << c.bytes;
  }
  const std::string nul("CHECKSCRIPT {3+}\r\na\0b\r\n", 23);
  EXPECT_EQ(read_request(nul), "wrong: A string may not hold a NUL character.");
}

TEST(ManagesieveRequest, IsBounded) {
  RequestLimits limits;
  limits.literal = 10;
  limits.dropped = 100;
  EXPECT_EQ(read_request("PUTSCRIPT \"a\" {11+}\r\n12345678901\r\nNOOP\r\n", 3, limits),
            "too large: A string is too large. | NOOP\r\n");
  EXPECT_EQ(read_request("PUTSCRIPT \"a\" {101+}\r\n", 3, limits), "lost: A literal is too large.");
  EXPECT_EQ(read_request(std::string(10'000, 'a')), "lost: The line is too long.");
  EXPECT_EQ(read_request("NOOP" + std::string(10'000, ' ')), "lost: The line is too long.");
}

std::string refusal_of(std::string_view bytes) {
  RequestReader reader;
  reader.feed(bytes);
  EXPECT_TRUE(reader.is_complete() && !reader.problem()) << bytes;
  const auto command = parse_command(reader.take());
  return command ? "" : command.error();
}

TEST(ManagesieveCommand, TakesWhatItsGrammarSays) {
  const RequestCase cases[] = {
      {"AUTHENTICATE \"PLAIN\"\r\n", ""},
      {"Authenticate \"plain\" \"QQ==\"\r\n", ""},
      {"AUTHENTICATE\r\n", "AUTHENTICATE needs more arguments."},
      {"LOGOUT\r\n", ""},
      {"LOGOUT \"now\"\r\n", "LOGOUT takes fewer arguments."},
      {"HAVESPACE \"a\" 10\r\n", ""},
      {"HAVESPACE \"a\" \"10\"\r\n", "An argument of HAVESPACE is of the wrong kind."},
      {"PUTSCRIPT \"\" \"keep;\"\r\n", "This cannot be the name of a script."},
      {"SETACTIVE \"\"\r\n", ""},
      {"GETSCRIPT \"a\tb\"\r\n", "This cannot be the name of a script."},
      {"RENAMESCRIPT \"a\" \"b\"\r\n", ""},
      {"CHECKSCRIPT \"\"\r\n", ""},
      {"NOOP\r\n", ""},
      {"NOOP 1\r\n", "An argument of NOOP is of the wrong kind."},
      {"SELECT \"INBOX\"\r\n", "There is no such command."},
  };
  for (const RequestCase& c : cases) EXPECT_EQ(refusal_of(c.bytes), c.meaning) << c.bytes;

  const Request request{"RENAMESCRIPT", {{false, 0, "old"}, {false, 0, "new"}}};
  const auto command = parse_command(request);
  ASSERT_TRUE(command);
  EXPECT_EQ(command->verb, Verb::renamescript);
  EXPECT_EQ(name(command->verb), "RENAMESCRIPT");
  EXPECT_EQ(command->name + "/" + command->new_name, "old/new");
}

TEST(ManagesieveResponse, Prints) {
  using Kind = Response::Kind;
  EXPECT_EQ(print(Response{}), "OK\r\n");
  EXPECT_EQ(print(Response{Kind::no, "QUOTA/MAXSIZE", "", "Too large"}), "NO (QUOTA/MAXSIZE) \"Too large\"\r\n");
  EXPECT_EQ(print(Response{Kind::ok, "TAG", "a\"b", "Done"}), "OK (TAG \"a\\\"b\") \"Done\"\r\n");
  EXPECT_EQ(print(Response{Kind::bye, "", "", "Bye"}), "BYE \"Bye\"\r\n");
  EXPECT_EQ(print(Response{Kind::no, "", "", "line 1\r\nline 2"}), "NO {14}\r\nline 1\r\nline 2\r\n");
  EXPECT_EQ(print_string(std::string(1025, 'a')), "{1025}\r\n" + std::string(1025, 'a'));
  EXPECT_EQ(print_string("a\nb", true), "{3+}\r\na\nb");
}

TEST(ManagesieveResponse, ScriptNames) {
  for (const char* good : {"a", "my script", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "../x"})
    EXPECT_TRUE(is_script_name(good)) << good;
  for (const char* bad : {"", "a\x01", "a\x7F", "\xC2\x85", "\xE2\x80\xA8", "\xFF", "\xC3", "\xED\xA0\x80", "\xC0\xAF"})
    EXPECT_FALSE(is_script_name(bad)) << bad;
  EXPECT_TRUE(is_script_name(std::string(512, 'a')));
  EXPECT_FALSE(is_script_name(std::string(513, 'a')));
}

}  // namespace
}  // namespace kontor::wire::managesieve
