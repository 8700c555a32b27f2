// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/parser.h"

#include <gtest/gtest.h>

#include <chrono>

#include "formats/mime/entity_text.h"

namespace kontor::mime {
namespace {

// The structure in one line: type/subtype, then what each holds; bodies in quotes.
std::string outline(const Entity& entity, std::string_view message) {
  std::string text = entity.type + "/" + entity.subtype;
  if (entity.message) return text + "{" + outline(*entity.message, message) + "}";
  if (!entity.parts.empty()) {
    text += "(";
    for (const Entity& part : entity.parts) text += (text.ends_with('(') ? "" : ", ") + outline(part, message);
    return text + ")";
  }
  return text + " \"" + std::string(message.substr(entity.body_offset, entity.body_size)) + "\"";
}

struct StructureCase {
  std::string message;
  std::string expected;
  std::string why;
};

TEST(Parser, FindsTheStructure) {
  const std::string multi = "Content-Type: multipart/mixed; boundary=b\n\n";
  const std::vector<StructureCase> cases = {
      {"", "text/plain \"\"", "nothing is a message without header and body"},
      {"\r\nbody", "text/plain \"body\"", "no header"},
      {"Subject: x", "text/plain \"\"", "header only, broken off"},
      {"Subject: x\r\n\r\nbody\r\n", "text/plain \"body\r\n\"", "plain"},
      {"no header line\n\nbody", "text/plain \"body\"", "lines that are no fields still end at the empty line"},
      {"From me@x Thu Jan  1 00:00:00 1970\nContent-Type: text/html\n\nx", "text/html \"x\"", "mbox line in front"},
      {"Content-Type: text/html\r\r\n\n\nx", "text/html \"\nx\"", "a lone CR ends nothing"},
      {"Content-Type: junk\n\nx", "text/plain \"x\"", "RFC 2045 section 5.2: a broken type is text/plain"},
      {"Content-Type: text; charset=utf-8\n\nx", "text/plain \"x\"", "no subtype"},
      {"Content-Type: multipart/mixed\n\nx", "multipart/mixed \"x\"", "no boundary: a leaf"},
      {multi + "x", "multipart/mixed \"x\"", "no part at all"},
      {multi + "--b\n\na\n--b--\n", "multipart/mixed(text/plain \"a\")", "the line end before a boundary is its own"},
      {multi + "pre\n--b\n\na\r\n\r\n--b--\nepi", "multipart/mixed(text/plain \"a\r\n\")", "preamble and epilogue"},
      {multi + "--b\n\na\n", "multipart/mixed(text/plain \"a\n\")", "unterminated"},
      {multi + "--b\n\na\n--b", "multipart/mixed(text/plain \"a\")", "broken off inside a boundary"},
      {multi + "--b\n\na\n--b\n", "multipart/mixed(text/plain \"a\", text/plain \"\")", "broken off behind it"},
      {multi + "--b\n\na\n--b--", "multipart/mixed(text/plain \"a\")", "no line end at all"},
      {multi + "--b  \t\r\n\na\n--b-- \n", "multipart/mixed(text/plain \"a\")", "transport padding"},
      {multi + "--b\n--b\n\n--b--", "multipart/mixed(text/plain \"\", text/plain \"\")", "parts without anything"},
      {multi + "--b\nContent-Type: text/html\n--b--", "multipart/mixed(text/html \"\")",
       "a header ended by a boundary"},
      {multi + "--b\n\n--bx\n--b--", "multipart/mixed(text/plain \"\", text/plain \"\")",
       "RFC 2046 section 5.1.1: the line begins with the boundary"},
      {multi + "--b\n\na\n--b--\n--b\n\nc", "multipart/mixed(text/plain \"a\")", "after the last boundary is epilogue"},
      {"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\na\n----\n", "multipart/mixed \"--\n\na\n----\n\"",
       "an empty boundary is none"},
      {"Content-Type: multipart/mixed; boundary=\"b \"\n\n--b \n\na\n--b\n\n--b --\n",
       "multipart/mixed(text/plain \"a\n--b\n\")", "a blank at the end belongs to the boundary"},
      {"Content-Type: multipart/mixed; boundary*0=\"b\"; boundary*1=\"c\"\n\n--bc\n\na\n--bc--\n",
       "multipart/mixed(text/plain \"a\")", "RFC 2231 continuations"},
      {"Content-Type: multipart; boundary=b\n\n--b\n\na\n--b--\n", "multipart/mixed(text/plain \"a\")",
       "bare multipart"},
      {multi + "--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
       "multipart/mixed(multipart/alternative(text/plain \"x\"), text/plain \"y\")",
       "nested boundaries that are equal"},
      {multi + "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nx\n--bb--\n--b\n\ny\n--b--\n",
       "multipart/mixed(multipart/alternative(text/plain \"x\"), text/plain \"y\")", "one begins with the other"},
      {multi + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nx\n--b\n\ny\n--b--\n",
       "multipart/mixed(multipart/alternative(text/plain \"x\"), text/plain \"y\")", "the inner one has no end"},
      {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nx\n--b\nContent-Type: "
       "text/plain\n\ny\n--b--\n",
       "multipart/digest(message/rfc822{text/plain \"x\"}, text/plain \"y\")", "RFC 2046 section 5.1.5"},
      {"Content-Type: message/rfc822\n\nSubject: s\n\nx\n", "message/rfc822{text/plain \"x\n\"}", "a message inside"},
      {"Content-Type: Message/Global\n\nSubject: s\n\nx\n", "Message/Global{text/plain \"x\n\"}", "RFC 6532"},
      {"Content-Type: message/rfc822\nContent-Transfer-Encoding: BASE64\n\nU3ViamVjdDogeAoK",
       "message/rfc822 \"U3ViamVjdDogeAoK\"", "encoded: a leaf"},
      {"Content-Type: message/rfc822", "message/rfc822{text/plain \"\"}", "a message of nothing"},
      {"Content-Type: message/delivery-status\n\nx", "message/delivery-status \"x\"", "not a message"},
      {std::string("Subject: a\0b\n\n\0\xff", 16), std::string("text/plain \"\0\xff\"", 15), "NUL and 8-bit"},
  };
  for (const auto& c : cases) EXPECT_EQ(outline(parse(c.message), c.message), c.expected) << c.why;
}

TEST(Parser, CountsOffsetsSizesAndLines) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n"  // 0..43
      "\r\n"                                           // 43..45
      "--b\r\n"                                        // 45..50
      "Content-Type: text/html\r\n"                    // 50..75
      "\r\n"                                           // 75..77
      "one\r\ntwo\r\n"                                 // 77..87, the last line end is the boundary's
      "--b\n"                                          // 87..91
      "\n"                                             // 91..92
      "--b--\n";                                       // 92..98
  const Entity top = parse(message);
  EXPECT_EQ(top.header_size, 45U);
  EXPECT_EQ(top.body_offset, 45U);
  EXPECT_EQ(top.body_size, 53U);
  EXPECT_EQ(top.body_lines, 8U);
  ASSERT_EQ(top.parts.size(), 2U);
  const Entity& first = top.parts[0];
  EXPECT_EQ(first.header_offset, 50U);
  EXPECT_EQ(first.header_size, 27U);
  EXPECT_EQ(first.body_offset, 77U);
  EXPECT_EQ(first.body_size, 8U);
  EXPECT_EQ(first.body_lines, 1U);
  const Entity& second = top.parts[1];
  EXPECT_EQ(second.header_offset, 91U);
  EXPECT_EQ(second.header_size, 1U) << "the empty line is the header's end and not part of the boundary";
  EXPECT_EQ(second.body_offset, 92U);
  EXPECT_EQ(second.body_size, 0U);
}

TEST(Parser, AMessageWithoutBodyStaysInsideItsPart) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nTo: x\n\n--b--\n";
  const Entity top = parse(message);
  ASSERT_EQ(top.parts.size(), 1U);
  const Entity& part = top.parts[0];
  ASSERT_TRUE(part.message);
  EXPECT_EQ(part.message->header_offset, part.body_offset);
  EXPECT_EQ(part.message->header_size, 7U);
  EXPECT_EQ(part.body_size, 7U);
}

TEST(Parser, ReadsContentFields) {
  const Entity entity = parse(
      "Content-Type: (a) Text / (b) X-Foo (c); Name = \"a \\\"b\\\"; c\" ;charset=utf-8 (d) format=flowed; x=two words "
      "; =n; y\n"
      "Content-Type: text/other\n"
      "Content-Transfer-Encoding:\t Quoted-Printable (really)\n"
      "Content-ID: <id@x>\nContent-Description: some\n\tthing\nContent-MD5: abc==\nContent-Location: http://x/\n"
      "Content-Disposition: Attachment; FileName=\"x\r\n y.txt\"; size=3\n"
      "Content-Language: de, en-US (x)\n\n");
  EXPECT_EQ(entity.type, "Text");
  EXPECT_EQ(entity.subtype, "X-Foo");
  EXPECT_EQ(text_of(entity.params), "name=a \"b\"; c|charset=utf-8|format=flowed|x=two words");
  EXPECT_EQ(entity.encoding, "Quoted-Printable");
  EXPECT_EQ(entity.id, "<id@x>");
  EXPECT_EQ(entity.description, "some\tthing");
  EXPECT_EQ(entity.md5, "abc==");
  EXPECT_EQ(entity.location, "http://x/");
  EXPECT_EQ(entity.disposition, "Attachment");
  EXPECT_EQ(text_of(entity.disposition_params), "filename=x y.txt|size=3");
  EXPECT_EQ(entity.languages, (std::vector<std::string>{"de", "en-US"}));
}

TEST(Parser, ReadsTheEnvelope) {
  const Entity entity = parse(
      "Date: Thu,\r\n 1 Jan 1970 00:00:00 +0000\r\nSubject:  =?utf-8?q?a?=\r\n\t b \r\nFrom: A <a@x>\r\nFrom: "
      "b@x\r\nReply-To: \r\n"
      "To: c@x\r\nTo: d@x\r\nMessage-ID: <old@x>\r\nMessage-ID: <1@x>\r\nIn-Reply-To:\r\n\r\n");
  ASSERT_TRUE(entity.envelope);
  const Envelope& envelope = *entity.envelope;
  EXPECT_EQ(envelope.date, "Thu, 1 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(envelope.subject, "=?utf-8?q?a?=\t b");
  EXPECT_EQ(text_of(envelope.from), "A <a@x>, <b@x>");
  EXPECT_EQ(text_of(envelope.sender), "A <a@x>, <b@x>") << "absent: From";
  EXPECT_EQ(text_of(envelope.reply_to), "A <a@x>, <b@x>") << "empty: From";
  EXPECT_EQ(text_of(envelope.to), "<c@x>, <d@x>");
  EXPECT_EQ(envelope.message_id, "<1@x>");
  EXPECT_TRUE(envelope.has_in_reply_to);
  EXPECT_EQ(envelope.in_reply_to, "");
  EXPECT_TRUE(envelope.cc.empty());
  EXPECT_FALSE(parse("X: y\n\n").envelope->has_subject);
}

TEST(Parser, InnerMessagesHaveTheirOwnEnvelope) {
  const Entity entity = parse("Subject: out\nContent-Type: message/rfc822\n\nSubject: in\n\n");
  EXPECT_EQ(entity.envelope->subject, "out");
  ASSERT_TRUE(entity.message);
  EXPECT_EQ(entity.message->envelope->subject, "in");
  EXPECT_FALSE(parse("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--").parts[0].envelope);
}

std::size_t depth_of(const Entity& entity) {
  std::size_t deepest = 0;
  for (const Entity& part : entity.parts) deepest = std::max(deepest, depth_of(part));
  if (entity.message) deepest = std::max(deepest, depth_of(*entity.message));
  return deepest + 1;
}

TEST(Parser, DepthIsBounded) {
  std::string messages, multiparts;
  for (int i = 0; i < 10'000; i++) {
    messages += "Content-Type: message/rfc822\n\n";
    multiparts +=
        "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" + std::to_string(i) + "\n";
  }
  for (const std::string& message : {messages, multiparts}) {
    const Entity entity = parse(message);
    EXPECT_EQ(depth_of(entity), Limits().depth);
    EXPECT_EQ(entity.header_size + entity.body_size, message.size());
  }
}

TEST(Parser, PartsAreBounded) {
  Limits limits;
  limits.parts = 4;
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b\n\n2\n--b\n\n3\n--b\n\n4\n--b--\n";
  const Entity entity = parse(message, limits);
  ASSERT_EQ(entity.parts.size(), 3U);
  EXPECT_EQ(outline(entity.parts[2], message), "text/plain \"3\n--b\n\n4\n--b--\n\"");
}

TEST(Parser, AddressesAreBoundedOverAllEnvelopes) {
  Limits limits;
  limits.addresses = 3;
  const Entity entity = parse("Content-Type: message/rfc822\nTo: a, b\n\nTo: c, d\n\n", limits);
  EXPECT_EQ(entity.envelope->to.size(), 2U);
  EXPECT_EQ(entity.message->envelope->to.size(), 1U);
}

TEST(Parser, LongHeadersAreReadInPartAndCountedWhole) {
  Limits limits;
  limits.header_bytes = 100;
  const std::string header = "Subject: kept\nX: " + std::string(200, 'x') + "\nTo: lost@x\n\n";
  const Entity entity = parse(header + "body", limits);
  EXPECT_EQ(entity.header_size, header.size());
  EXPECT_EQ(entity.body_size, 4U);
  EXPECT_EQ(entity.envelope->subject, "kept");
  EXPECT_TRUE(entity.envelope->to.empty());
}

TEST(Parser, AllHeadersTogetherAreReadInPartAndCountedWhole) {
  const std::string first = "Content-Type: multipart/mixed; boundary=b\n\n";
  const std::string second = "Content-Type: text/html\n\n";
  const std::string third = "Content-Type: text/css; charset=utf-8\n\n";
  const std::string message = first + "--b\n" + second + "one\n--b\n" + third + "two\n--b\n" + third + "three\n--b--\n";
  struct {
    std::size_t left;
    std::string expected;
    std::string why;
  } const cases[] = {
      {third.size() * 2, "text/html \"one\", text/css \"two\", text/css \"three\"", "all of them fit"},
      {third.size(), "text/html \"one\", text/css \"two\", text/plain \"three\"", "nothing is left for the last"},
      {22, "text/html \"one\", text/css \"two\", text/plain \"three\"", "the third is cut behind its type"},
      {0, "text/html \"one\", text/plain \"two\", text/plain \"three\"", "nothing is left for two"},
  };
  for (const auto& c : cases) {
    Limits limits;
    limits.structure_bytes = static_cast<std::uint32_t>(first.size() + second.size() + c.left);
    const Entity whole = parse(message, limits);
    EXPECT_EQ(outline(whole, message), "multipart/mixed(" + c.expected + ")") << c.why;
    EXPECT_EQ(whole.parts[2].header_size, third.size()) << c.why;
    Parser parser(limits);
    for (const char byte : message) parser.feed({&byte, 1});
    EXPECT_EQ(outline(parser.finish(), message), outline(whole, message)) << "in pieces: " << c.why;
  }
}

TEST(Parser, HostileInputTakesLinearTime) {
  const std::string start = "Content-Type: multipart/mixed; boundary=b\n\n";
  std::string nested;  // every open boundary begins with the one outside of it
  for (int i = 1; i < 60; i++)
    nested += "Content-Type: multipart/mixed; boundary=" + std::string(static_cast<std::size_t>(i), 'b') + "\n\n--" +
              std::string(static_cast<std::size_t>(i), 'b') + "\n";
  for (const std::string_view piece : {"--b\n", "--b\n\n", "--\n", "-", "\n", "--b--\n",
                                       "--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbc\n", "a;", "a=\"", "=", "a=b c ", ": "}) {
    for (const std::string& before : {start, nested, std::string("Content-Type: a/b; "), std::string()}) {
      std::string message = before;
      while (message.size() < 200'000) message += piece;
      const auto begin = std::chrono::steady_clock::now();
      parse(message);
      EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << piece << " after " << before;
    }
  }
}

TEST(Parser, KeepsTheTopHeader) {
  Parser parser;
  for (const char c : std::string_view("Subject: x\n\nSubject: y\n\n")) parser.feed({&c, 1});
  parser.finish();
  EXPECT_EQ(parser.top_header(), "Subject: x\n\n");
}

}  // namespace
}  // namespace kontor::mime
