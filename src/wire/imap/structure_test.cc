// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/structure.h"

#include <gtest/gtest.h>

#include "formats/mime/parser.h"
#include "formats/mime/summary.h"

namespace kontor::wire::imap {
namespace {

struct Printed {
  std::string envelope, body, structure, decoded;
};

Printed print_message(const std::string& message) {
  const auto entity = mime::parse(message);
  const auto header = std::string_view(message).substr(entity.header_offset, entity.header_size);
  const auto summarized = mime::summarize(entity, header);
  const auto* top = flatbuffers::GetRoot<mime::fb::Summary>(summarized.summary.data())->top();
  Printed printed;
  append_envelope(printed.envelope, top->envelope());
  append_body(printed.body, *top, BodyForm::plain);
  append_body(printed.structure, *top, BodyForm::extended);
  append_body(printed.decoded, *top, BodyForm::decoded);
  return printed;
}

TEST(Structure, Envelope) {
  struct Case {
    const char* message;
    const char* expected;
    const char* why;
  };
  const Case cases[] = {
      {"\r\nbody", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "no fields at all"},
      {"Subject:\r\nFrom: a@b\r\n\r\n",
       "(NIL \"\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)",
       "an empty subject is not an absent one; sender and reply-to default to from"},
      {"From: A <a@b>\r\nSender: c@d\r\nReply-To: e@f\r\nSubject: say \"hi\" \\ there\r\n\r\n",
       "(NIL \"say \\\"hi\\\" \\\\ there\" ((\"A\" NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) ((NIL NIL \"e\" \"f\")) "
       "NIL "
       "NIL NIL NIL NIL)",
       "quoting; sender and reply-to of their own"},
      {"To: team: a@b, c@d;\r\n\r\n",
       "(NIL NIL NIL NIL NIL ((NIL NIL \"team\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)) NIL "
       "NIL "
       "NIL NIL)",
       "a group (RFC 3501 section 7.4.2)"},
      {"Subject: caf\xe9\r\nMessage-ID: <x@y>\r\nIn-Reply-To: <u@v>\r\n\r\n",
       "(NIL {4}\r\ncaf\xe9 NIL NIL NIL NIL NIL NIL \"<u@v>\" \"<x@y>\")", "8-bit text goes as a literal"},
  };
  for (const auto& c : cases) EXPECT_EQ(print_message(c.message).envelope, c.expected) << c.why;
}

TEST(Structure, Body) {
  struct Case {
    const char* message;
    const char* body;
    const char* structure;
    const char* why;
  };
  const Case cases[] = {
      {"\r\nHello\r\n", "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 7 1)",
       "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 7 1 NIL NIL NIL NIL)", "nothing said"},
      {"Content-Type: IMAGE/png; name=x.png\r\nContent-ID: <1@b>\r\nContent-Description: a picture\r\n"
       "Content-Transfer-Encoding: BASE64\r\nContent-MD5: abc\r\nContent-Disposition: inline; filename=\"x y\"\r\n"
       "Content-Language: de, en\r\nContent-Location: here\r\n\r\nAAAA",
       "(\"IMAGE\" \"png\" (\"name\" \"x.png\") \"<1@b>\" \"a picture\" \"BASE64\" 4)",
       "(\"IMAGE\" \"png\" (\"name\" \"x.png\") \"<1@b>\" \"a picture\" \"BASE64\" 4 \"abc\" (\"inline\" (\"filename\" "
       "\"x y\")) (\"de\" \"en\") \"here\")",
       "every field"},
      {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n"
       "<p>\r\n--b--\r\n",
       "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 0)(\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0) \"mixed\")",
       "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL)(\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0 NIL "
       "NIL "
       "NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)",
       "multipart"},
      {"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n",
       "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" "
       "\"plain\" "
       "NIL NIL NIL \"7bit\" 3 1) 3)",
       "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" "
       "\"plain\" "
       "NIL NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)",
       "a message inside"},
  };
  for (const auto& c : cases) {
    const auto printed = print_message(c.message);
    EXPECT_EQ(printed.body, c.body) << c.why;
    EXPECT_EQ(printed.structure, c.structure) << c.why;
  }
}

// A multipart without parts or deeper than the parser looks must not promise what the grammar then asks for.
// RFC 9051 section 7.5.2, with its own examples of names.
TEST(Structure, ParametersDecoded) {
  struct Case {
    const char* field;
    const char* extended;
    const char* decoded;
    const char* why;
  };
  const Case cases[] = {
      {"a/b; baz*0=one; baz*1=two; baz*2=three", "(\"baz*0\" \"one\" \"baz*1\" \"two\" \"baz*2\" \"three\")",
       "(\"baz\" \"onetwothree\")", "pieces"},
      {"a/b; foo*0*=utf-8''J%C3; foo*1*=%B6rg", "(\"foo*0*\" \"utf-8''J%C3\" \"foo*1*\" \"%B6rg\")",
       "(\"foo*\" {5}\r\nJ\xc3\xb6rg)", "pieces with a charset"},
      {"a/b; foo*=iso-8859-1'de'a%20b; x=y", "(\"foo*\" \"iso-8859-1'de'a%20b\" \"x\" \"y\")",
       "(\"foo*\" \"a b\" \"x\" \"y\")", "one piece with a charset"},
      {"a/b; foo*1=x", "(\"foo*1\" \"x\")", "(\"foo*1\" \"x\")", "no first piece: as it is"},
      {"a/b; name==?utf-8?q?x?=", "(\"name\" \"=?utf-8?q?x?=\")", "(\"name\" \"=?utf-8?q?x?=\")",
       "not RFC 2231: as it is"},
  };
  for (const auto& c : cases) {
    const auto printed = print_message(std::string("Content-Type: ") + c.field + "\r\n\r\n");
    EXPECT_NE(printed.structure.find(c.extended), std::string::npos) << c.why << ": " << printed.structure;
    EXPECT_NE(printed.decoded.find(c.decoded), std::string::npos) << c.why << ": " << printed.decoded;
  }
}

TEST(Structure, BrokenOnesKeepTheGrammar) {
  EXPECT_TRUE(print_message("Content-Type: multipart/mixed; boundary=b\r\n\r\nno boundary\r\n")
                  .body.starts_with("(\"text\" \"plain\""));
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  const auto printed = print_message(deep + "Subject: x\r\n\r\n");
  EXPECT_EQ(std::count(printed.body.begin(), printed.body.end(), '('),
            std::count(printed.body.begin(), printed.body.end(), ')'));
}

}  // namespace
}  // namespace kontor::wire::imap
