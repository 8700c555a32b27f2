// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/preview.h"

#include <gtest/gtest.h>

#include "formats/mime/html_text.h"
#include "formats/mime/parser.h"

namespace kontor::mime {
namespace {

TEST(Preview, TakesTheTextOfAMessage) {
  struct Case {
    std::string message, expected, why;
  };
  const std::string alternative = "Content-Type: multipart/alternative; boundary=b\r\n\r\n";
  const Case cases[] = {
      {"Subject: x\r\n\r\nHello,\r\n\r\n  this is \t it.\r\n", "Hello, this is it.", "one line"},
      {"Subject: x\r\n\r\n> quoted\r\n> more\r\nMy answer\r\n", "My answer", "quotes are passed over"},
      {"Subject: x\r\n\r\n> quoted\r\n", "> quoted", "unless there is nothing else"},
      {"Subject: x\r\n\r\n", "", "no text"},
      {"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
       "quoted-printable\r\n\r\nGr=FC=DFe\r\n",
       "Grüße", "decoded"},
      {"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8gd29ybGQ=\r\n", "Hello world",
       "base64"},
      {"Content-Type: text/html\r\n\r\n<html><head><title>t</title><style>p{}</style></head><body><p>One<p>T<b>w</b>o"
       "<br>&uuml;&nbsp;&amp;&#8364;</body>",
       "One Two ü &€", "HTML made text"},
      {alternative + "--b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b\r\n\r\nplain\r\n--b--\r\n", "plain",
       "plain of alternatives"},
      {alternative + "--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b--\r\n", "html",
       "HTML where the plain one is empty"},
      {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: "
       "attachment\r\n\r\nattached\r\n--b\r\n"
       "\r\nbody\r\n--b--\r\n",
       "body", "no attachments"},
      {"Content-Type: image/png\r\n\r\nxxxx", "", "no text part"},
      {"Content-Type: text/html\r\n\r\n<div>\xE2\x80\x8C&zwnj;\xEF\xBB\xBF&#8203;x&shy;y</div>", "xy",
       "nothing invisible"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(preview(c.message), c.expected) << c.why;
    EXPECT_EQ(preview(parse(c.message), c.message), c.expected) << c.why;
  }
}

TEST(Preview, IsBoundedInCharactersNotBytes) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "ü";
  const std::string found = preview("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text);
  EXPECT_EQ(found.size(), 2 * kPreviewCharacters);
  // A blank counts, and none stands at the end.
  std::string words;
  for (int i = 0; i < 500; ++i) words += "a ";
  EXPECT_EQ(preview("Subject: x\r\n\r\n" + words).size(), kPreviewCharacters - 1);
}

TEST(HtmlText, TakesAnyText) {
  EXPECT_EQ(html_text("a < b & c &foo; &#xZZ; &#0;", 100), "a < b & c &foo; &#xZZ; \xEF\xBF\xBD");
  EXPECT_EQ(html_text("<script>if (a < b) x();</script >after", 100), "after");
  EXPECT_EQ(html_text("x<!-- <p>no</p> -->y<", 100), "xy<");
  EXPECT_EQ(html_text("x<p unclosed", 100), "x ");
  EXPECT_EQ(html_text("x<style>never closed", 100), "x ");
  EXPECT_EQ(html_text(std::string(1000, 'x'), 10).size(), 10U);
}

}  // namespace
}  // namespace kontor::mime
