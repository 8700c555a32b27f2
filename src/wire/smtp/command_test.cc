// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/command.h"

#include <gtest/gtest.h>

namespace kontor::wire::smtp {
namespace {

struct PathCase {
  const char* line;
  const char* address;  // as Path::to_string gives it; null = the line is refused
  const char* why;
};

const PathCase kPathCases[] = {
    {"RCPT TO:<ada@example.org>", "ada@example.org", "the plain form"},
    {"rcpt to:<ada@example.org>", "ada@example.org", "any case"},
    {"RCPT TO: <ada@example.org> ", "ada@example.org", "blanks around, as many clients send"},
    {"RCPT TO:ada@example.org", "ada@example.org", "no brackets"},
    {"MAIL FROM:<>", "", "the null path"},
    {"RCPT TO:<>", nullptr, "no recipient may be null"},
    {"RCPT TO:<postmaster>", "postmaster", "RFC 5321 section 4.5.1"},
    {"RCPT TO:<@a.example,@b.example:ada@c.example>", "ada@c.example", "a source route is dropped"},
    {"RCPT TO:<@a.example:>", nullptr, "a route to nobody"},
    {"RCPT TO:<\"ada lovelace\"@example.org>", "\"ada lovelace\"@example.org", "quotes stay where they are needed"},
    {"RCPT TO:<\"ada\"@example.org>", "ada@example.org", "and go where they are not"},
    {"RCPT TO:<\"a\\\"b\\\\c\"@example.org>", "\"a\\\"b\\\\c\"@example.org", "quoted pairs"},
    {"RCPT TO:<\"a>b\"@example.org>", "\"a>b\"@example.org", "a bracket inside quotes is no end"},
    {"RCPT TO:<\"ada@example.org>", nullptr, "an open quote"},
    {"RCPT TO:<a..b.@example.org>", "a..b.@example.org", "dots as they are in the wild"},
    {"RCPT TO:<user+detail=x@example.org>", "user+detail=x@example.org", "all of atext"},
    {"RCPT TO:<ada@[192.0.2.1]>", "ada@[192.0.2.1]", "an address literal"},
    {"RCPT TO:<ada@[IPv6:2001:db8::1]>", "ada@[IPv6:2001:db8::1]", "an address literal"},
    {"RCPT TO:<ada@[]>", nullptr, "an empty literal"},
    {"RCPT TO:<ada@example.org.>", "ada@example.org", "an absolute name"},
    {"RCPT TO:<ada@ex..org>", nullptr, "an empty label"},
    {"RCPT TO:<ada@>", nullptr, "no domain"},
    {"RCPT TO:<@example.org>", nullptr, "no local part"},
    {"RCPT TO:<ada@example.org", nullptr, "an open bracket"},
    {"RCPT TO:<ada@example.org>x", nullptr, "rubbish after the bracket"},
    {"RCPT TO:<ada @example.org>", nullptr, "a blank inside"},
    {"RCPT TO:<ad\r\na@example.org>", nullptr, "a line end inside"},
    {"RCPT TO:<\xc3\xa4@\xc3\xb6.example>", "\xc3\xa4@\xc3\xb6.example", "RFC 6531"},
    {"RCPT TO:<\xe4@example.org>", nullptr, "Latin-1 is not UTF-8"},
    {"RCPT TO:<\xc0\xafz@example.org>", nullptr, "an overlong form"},
    {"RCPT <ada@example.org>", nullptr, "no TO:"},
    {"RCPT TO", nullptr, "cut short"},
    {"MAIL FROM", nullptr, "cut short"},
    {"MAIL", nullptr, "cut short"},
    {"MAIL TO:<a@b>", nullptr, "the wrong word"},
};

TEST(SmtpCommand, ReadsPaths) {
  for (const PathCase& test : kPathCases) {
    auto parsed = parse_command(test.line);
    if (!test.address) {
      ASSERT_FALSE(parsed) << test.line << ": " << test.why;
      EXPECT_EQ(parsed.error().code / 100, 5) << test.line;
      continue;
    }
    ASSERT_TRUE(parsed) << test.line << ": " << test.why;
    EXPECT_EQ(parsed->path.to_string(), test.address) << test.why;
    EXPECT_EQ(parse_command(print(*parsed)).value(), *parsed) << test.line;
  }
}

TEST(SmtpCommand, BoundsPaths) {
  EXPECT_TRUE(parse_command("RCPT TO:<" + std::string(kMaxLocalPart, 'a') + "@b>"));
  EXPECT_FALSE(parse_command("RCPT TO:<" + std::string(kMaxLocalPart + 1, 'a') + "@b>"));
  EXPECT_FALSE(parse_command("RCPT TO:<a@" + std::string(kMaxDomain + 1, 'b') + ">"));
  std::string route = "RCPT TO:<";
  for (int i = 0; i < 600; ++i) route += "@a,";
  EXPECT_FALSE(parse_command(route + "@a:b@c>"));
}

TEST(SmtpCommand, ReadsParametersOfMail) {
  auto parsed = parse_command("MAIL FROM:<a@b> SIZE=1234 body=8bitmime SMTPUTF8 RET=HDRS ENVID");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->size, 1234U);
  EXPECT_EQ(parsed->body, Body::eight_bit);
  EXPECT_TRUE(parsed->is_utf8);
  EXPECT_EQ(parsed->unknown, (std::vector<Parameter>{{"RET", "HDRS"}, {"ENVID", std::nullopt}}));
  EXPECT_EQ(parse_command(print(*parsed)).value(), *parsed);
}

TEST(SmtpCommand, ASizeBeyond64BitsIsTooLargeNotBadSyntax) {
  EXPECT_EQ(parse_command("MAIL FROM:<a@b> SIZE=99999999999999999999").value().size, UINT64_MAX);
}

struct RefusedCase {
  const char* line;
  int code;
  const char* why;
};

const RefusedCase kRefusedCases[] = {
    {"", 500, "nothing"},
    {"   ", 500, "blanks"},
    {"GET / HTTP/1.1", 500, "another protocol"},
    {"MAIL FROM:<a@b> SIZE=", 501, "no number"},
    {"MAIL FROM:<a@b> SIZE=-1", 501, "negative"},
    {"MAIL FROM:<a@b> SIZE=12x", 501, "not only digits"},
    {"MAIL FROM:<a@b> SIZE", 501, "no value"},
    {"MAIL FROM:<a@b> BODY=BINARY", 501, "no such body"},
    {"MAIL FROM:<a@b> SMTPUTF8=1", 501, "takes no value"},
    {"MAIL FROM:<a@b> ==", 501, "no keyword"},
    {"LHLO", 501, "no name"},
    {"LHLO ", 501, "no name"},
    {"DATA now", 501, "takes nothing"},
    {"QUIT 1", 501, "takes nothing"},
    {"STARTTLS x", 501, "takes nothing"},
    {"BDAT", 501, "no size"},
    {"BDAT x", 501, "no size"},
    {"BDAT 12 FIRST", 501, "no such word"},
    {"NOOP \x01", 500, "a control character"},
};

TEST(SmtpCommand, RefusesWithTheRightCode) {
  for (const RefusedCase& test : kRefusedCases) {
    auto parsed = parse_command(test.line);
    ASSERT_FALSE(parsed) << test.line << ": " << test.why;
    EXPECT_EQ(parsed.error().code, test.code) << test.line << ": " << test.why;
  }
  EXPECT_FALSE(parse_command(std::string_view("NOOP \0", 6)));
  std::string many = "MAIL FROM:<a@b>";
  for (int i = 0; i < 1000; ++i) many += " X";
  EXPECT_FALSE(parse_command(many));
}

TEST(SmtpCommand, ReadsTheRest) {
  EXPECT_EQ(parse_command("lhlo client.example").value().text, "client.example");
  EXPECT_EQ(parse_command("DATA ").value().verb, Verb::data);
  auto chunk = parse_command("BDAT 86 last").value();
  EXPECT_EQ(chunk.chunk, 86U);
  EXPECT_TRUE(chunk.is_last);
  EXPECT_FALSE(parse_command("BDAT 0").value().is_last);
  EXPECT_EQ(parse_command("VRFY  ada ").value().text, "ada");
}

TEST(SmtpReply, PrintsLinesAndLetsNothingOut) {
  Reply reply(250, "", "one");
  reply.lines.push_back("two");
  EXPECT_EQ(print(reply), "250-one\r\n250 two\r\n");
  EXPECT_EQ(print(Reply(550, "5.1.1", "no\r\n250 fine")), "550 5.1.1 no  250 fine\r\n");
  EXPECT_EQ(print(Reply(550, "5.1.1", "\xc3\xa4")), "550 5.1.1 ??\r\n");
  EXPECT_EQ(print(Reply(550, "5.1.1", "\xc3\xa4"), true), "550 5.1.1 \xc3\xa4\r\n");
}

}  // namespace
}  // namespace kontor::wire::smtp
