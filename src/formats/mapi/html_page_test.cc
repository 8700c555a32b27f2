// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/html_page.h"

#include <gtest/gtest.h>

#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

TEST(HtmlPage, IsWhatTheItemSaysElseWhatTheTextSays) {
  struct Case {
    std::string_view bytes;
    int page, page_of_message;  // 0: none is said
    std::string_view text;
    std::string_view why;
  };
  const Case cases[] = {
      {"<meta charset=utf-8><p>\xE4\xF6", 1252, 0, "<meta charset=utf-8><p>äö", "the item knows it"},
      {"<meta charset=\"windows-1251\"><p>\xCF\xF0", 0, 0, "<meta charset=\"windows-1251\"><p>Пр",
       "only the text does"},
      {"<META content='text/html; charset=windows-1251'>\xCF", 0, 1252,
       "<META content='text/html; charset=windows-1251'>П", "the text before the message"},
      {"<p>\xC8\xE1", 0, 1250, "<p>Čá", "the page of other texts"},
      {"<p>\xC4\x8C", 0, 1250, "<p>Č", "UTF-8 is seen"},
      {"<p>\xE4", 0, 0, "<p>ä", "a guess"},
      {"<p>Gr\xF6\xDF", 65001, 0, "<p>Größ", "it is not what is said"},
      {"<meta charset=windows-1251><p>\xCF", 65001, 0, "<meta charset=windows-1251><p>П", "it says otherwise itself"},
      {"<meta charset=utf-8><p>\xF6", 65001, 0, "<meta charset=utf-8><p>ö", "neither of them is right"},
      {"<meta charset=no-such-set><p>\xF6", 0, 0, "<meta charset=no-such-set><p>ö", "nobody knows it"},
      {"<meta charset=windows-1251><p>\xCF", 99999, 0, "<meta charset=windows-1251><p>П", "a page that is none"},
      {"<meta charset=utf-16><p>\xC3\xB6", 0, 0, "<meta charset=utf-16><p>ö", "which cannot be"},
  };
  for (const Case& one : cases) {
    Properties item;
    item.set(tag::kHtml, Value::of_bytes(std::string(one.bytes)));
    if (one.page != 0) item.set(tag::kInternetCodepage, Value::of(one.page));
    if (one.page_of_message != 0) item.set(tag::kMessageCodepage, Value::of(one.page_of_message));
    EXPECT_EQ(html_of(item), one.text) << one.why;
  }
  EXPECT_EQ(html_of(Properties()), std::nullopt);
}

TEST(HtmlPage, SaysWhatItBecame) {
  EXPECT_EQ(with_true_charset("<meta charset='x-any'>"), "<meta charset='utf-8'>");
  EXPECT_EQ(with_true_charset("<META content=\"text/html; CHARSET=ISO-8859-1\">"),
            "<META content=\"text/html; CHARSET=utf-8\">");
  for (const std::string_view text : {"", "charset=x ", "<meta charset=", "<meta charset=>", "<meta charset=endless"})
    EXPECT_EQ(with_true_charset(std::string(text)), text);
}

}  // namespace
}  // namespace kontor::mapi
