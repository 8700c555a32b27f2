// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formats/sieve/testing.h"

namespace kontor::sieve {
namespace {

struct FaultCase {
  const char* script;
  const char* faults;  // "" if it compiles
};

TEST(SieveCompile, TellsWhereAndWhatToDo) {
  const FaultCase cases[] = {
      {"", ""},
      {"# only a comment\n/* and\nanother */ keep;\r\n", ""},
      {"\xEF\xBB\xBFkeep;", ""},
      {"keep", "line 1, column 5: 'keep' must end with ';' or go on with a block, not with the script's end.\n"},
      {"keep;\n  stop\nkeep;", "line 2, column 3: 'stop' takes no test; is a ';' missing?\n"},
      {"fileinto \"x\";", "line 1, column 1: 'fileinto' needs require \"fileinto\"; at the script's beginning.\n"},
      {"require \"fileinto\"; fileinto :copy \"x\";",
       "line 1, column 30: ':copy' needs require \"copy\"; at the script's beginning.\n"},
      {"require \"fileinto\"; fileinto \"x\" :copy;",
       "line 1, column 34: ':copy' must stand before the other arguments of 'fileinto'.\n"},
      {"require \"nonsense\";", "line 1, column 9: The extension 'nonsense' is not available here.\n"},
      {"keep; require \"copy\";",
       "line 1, column 7: 'require' must stand at the script's beginning, before all other commands.\n"},
      {"move \"x\";\nkeep :all;",
       "line 1, column 1: There is no command 'move'.\nline 2, column 6: 'keep' takes no ':all'.\n"},
      {"header :is \"a\" \"b\";", "line 1, column 1: 'header' is a test and cannot stand here.\n"},
      {"if keep { stop; }", "line 1, column 4: 'keep' is a command and cannot stand here.\n"},
      {"else { keep; }", "line 1, column 1: 'else' must follow directly behind an 'if' or 'elsif'.\n"},
      {"if true { keep; } stop; elsif true { keep; }",
       "line 1, column 25: 'elsif' must follow directly behind an 'if' or 'elsif'.\n"},
      {"if true { keep; } else { stop; } else { stop; }",
       "line 1, column 34: 'else' must follow directly behind an 'if' or 'elsif'.\n"},
      {"if true, false { keep; }", "line 1, column 8: 'if' must end with ';' or go on with a block, not with ','.\n"},
      {"if (true, false) { keep; }",
       "line 1, column 1: 'if' needs one test; for several: anyof (..., ...) or allof (..., ...).\n"},
      {"if anyof true { keep; }", "line 1, column 4: 'anyof' needs tests in parentheses: (test, test).\n"},
      {"if true { keep; ", "line 1, column 9: This block has no end: a '}' is missing.\n"},
      {"keep; }", "line 1, column 7: This '}' closes nothing.\n"},
      {"if header :is \"Subject\" \"x { keep; }\n",
       "line 1, column 25: This string has no end: a double quote is missing.\n"},
      {"redirect text:\nhello\n", "line 1, column 10: This text has no end: a line with only a dot is missing.\n"},
      {"/* keep;", "line 1, column 1: This comment has no end: close it with '*/'.\n"},
      {"if size :over 1X { keep; }", "line 1, column 15: A number ends with a digit or with one of K, M and G.\n"},
      {"if size :over 99999999999999999999 { keep; }", "line 1, column 15: This number is too large.\n"},
      {"if size 1K { keep; }", "line 1, column 4: ':over' or ':under' is missing here.\n"},
      {"if size :over :under 1K { keep; }",
       "line 1, column 15: ':under' cannot be here besides what was given before.\n"},
      {"if size :over \"1\" { keep; }", "line 1, column 15: 'size' needs a number here, without quotes.\n"},
      {"redirect [\"a@example.org\"];", "line 1, column 10: 'redirect' takes one string here, not a list.\n"},
      {"redirect \"nobody\";", "line 1, column 1: 'nobody' is no mail address.\n"},
      {"redirect \"a@example.org, b@example.org\";",
       "line 1, column 1: 'a@example.org, b@example.org' is no mail address.\n"},
      {"if header [\"a\" \"b\"] \"x\" { keep; }",
       "line 1, column 16: Between a list's strings stands ',', and ']' behind the last, not a string.\n"},
      {"if header :is \"a b\" \"x\" { keep; }", "line 1, column 4: 'a b' cannot be the name of a header field.\n"},
      {"if header :is \"a\" { keep; }", "line 1, column 4: 'header' takes 2 arguments besides tags, not 1.\n"},
      {"if address :is \"subject\" \"x\" { keep; }",
       "line 1, column 4: 'subject' holds no addresses: use the test 'header' for it.\n"},
      {"if header :comparator \"i;klingon\" :is \"a\" \"x\" { keep; }",
       "line 1, column 4: There is no comparator 'i;klingon': use i;ascii-casemap, i;octet, i;ascii-numeric or "
       "i;unicode-casemap.\n"},
      {"if header :comparator \"i;ascii-numeric\" :is \"a\" \"x\" { keep; }",
       "line 1, column 4: The comparator 'i;ascii-numeric' needs require \"comparator-i;ascii-numeric\"; at the "
       "script's beginning.\n"},
      {"require \"comparator-i;ascii-numeric\"; if header :contains :comparator \"i;ascii-numeric\" \"a\" \"1\" { "
       "keep; }",
       "line 1, column 42: The comparator i;ascii-numeric compares whole numbers: it goes with ':is', ':value' and "
       "':count' only.\n"},
      {"require \"relational\"; if header :count \"xx\" \"a\" \"1\" { keep; }",
       "line 1, column 26: A relation is one of \"gt\", \"ge\", \"lt\", \"le\", \"eq\" and \"ne\".\n"},
      {"require \"regex\"; if header :regex \"a\" \"(\" { keep; }",
       "line 1, column 21: This is no regular expression that can be used: missing ): (.\n"},
      {"require \"envelope\"; if envelope \"cc\" \"x\" { keep; }",
       "line 1, column 24: An envelope has \"from\", \"to\" and \"auth\", but no \"cc\".\n"},
      {"require \"variables\"; set \"1a\" \"x\";", "line 1, column 22: '1a' cannot be the name of a variable.\n"},
      {"require \"variables\"; set \"a\" \"${77}\";", "line 1, column 30: Matches are numbered from ${0} to ${31}.\n"},
      {"require \"variables\"; set \"a\" \"${other.b}\";",
       "line 1, column 30: 'other' is no namespace of variables that is known here.\n"},
      {"require \"encoded-character\"; if header \"a\" \"${unicode: D800}\" { keep; }",
       "line 1, column 44: This string names a Unicode character that does not exist.\n"},
      {"require \"date\"; if currentdate \"century\" \"21\" { keep; }",
       "line 1, column 20: A date has no part 'century': see RFC 5260 section 4.2.\n"},
      {"require \"foreverypart\"; break;", "line 1, column 25: 'break' may stand only within 'foreverypart'.\n"},
      {"require \"ihave\"; if ihave \"x\" { frobnicate :x \"y\" { nothing; } }", ""},
      {"require \"enotify\"; notify \"sms:1\";",
       "line 1, column 20: 'sms:1' is no way to notify: it must be like mailto:me@example.org.\n"},
      {"keep; \xC3\xA4;", "line 1, column 7: Letters beyond ASCII may stand only in strings and comments.\n"},
      {"# \xC3\xA4\xC3\xB6\n/* \xC3\xBC */ keep x;", "line 2, column 9: 'keep' takes no test; is a ';' missing?\n"},
      {"keep; # \xFF", "line 1, column 1: The script is not UTF-8: save it in that encoding.\n"},
  };
  for (const FaultCase& c : cases) EXPECT_EQ(faults_of(c.script), c.faults) << c.script;
}

TEST(SieveCompile, TellsSeveralFaultsInTheirOrder) {
  EXPECT_EQ(faults_of("if foo { bar; }\nif true { baz; }\n"),
            "line 1, column 4: There is no test 'foo'.\nline 1, column 10: There is no command 'bar'.\n"
            "line 2, column 11: There is no command 'baz'.\n");
  std::string many;
  for (int i = 0; i < 100; i++) many += "bad;\n";
  EXPECT_EQ(compile(many).faults.size(), CompileLimits().faults);
}

TEST(SieveCompile, IsBounded) {
  std::string deep;
  for (int i = 0; i < 5000; i++) deep += "if true {\n";
  EXPECT_EQ(faults_of(deep), "line 33, column 4: Blocks and tests are nested too deeply here.\n");
  std::string nots = "if ";
  for (int i = 0; i < 5000; i++) nots += "not ";
  EXPECT_NE(faults_of(nots + "true {}").find("nested too deeply"), std::string::npos);
  std::string wide;
  for (int i = 0; i < 20'001; i++) wide += "keep;";
  EXPECT_NE(faults_of(wide).find("too many commands"), std::string::npos);
  std::string strings = "require [\"a\"";
  for (int i = 0; i < 100'001; i++) strings += ",\"\"";
  EXPECT_NE(faults_of(strings + "];").find("too many strings"), std::string::npos);
  EXPECT_NE(faults_of(std::string((1 << 20) + 1, ' ')).find("larger than"), std::string::npos);
  std::string variables = "require \"variables\";\n";
  for (int i = 0; i < 300; i++) variables += fmt::format("set \"v{}\" \"x\";\n", i);
  EXPECT_NE(faults_of(variables).find("too many variables"), std::string::npos);
}

TEST(SieveCompile, RefusesWhatIsSwitchedOff) {
  CompileOptions options;
  options.capabilities.reset(static_cast<std::size_t>(Capability::vacation));
  const Compiled compiled = compile("require \"vacation\"; vacation \"away\";", options);
  EXPECT_FALSE(compiled.program);
  EXPECT_EQ(compiled.faults.size(), 2U);
  EXPECT_EQ(names(options.capabilities).find("vacation "), std::string::npos);
}

TEST(SieveCompile, SaysWhatAScriptUses) {
  const Compiled compiled = compile("require \"copy\"; if true { redirect :copy \"a@example.org\"; }");
  ASSERT_TRUE(compiled.program);
  EXPECT_TRUE(compiled.program->uses(Op::redirect));
  EXPECT_FALSE(compiled.program->uses(Op::vacation));
}

}  // namespace
}  // namespace kontor::sieve
