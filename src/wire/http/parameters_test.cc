// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/parameters.h"

#include <gtest/gtest.h>

namespace kontor::wire::http {
namespace {

TEST(HttpParameters, OfQueries) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(query_parameters("action=attachment-add&rid=M%2C20120206T090000Z"),
            (Pairs{{"action", "attachment-add"}, {"rid", "M,20120206T090000Z"}}));
  EXPECT_EQ(query_parameters("a&&b=%zz%4"), (Pairs{{"a", ""}, {"b", "%zz%4"}}));
  EXPECT_TRUE(query_parameters("").empty());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a=b&";
  EXPECT_EQ(query_parameters(many).size(), 100U);
}

TEST(HttpParameters, NamesOfFiles) {
  const struct {
    const char* value;
    const char* expected;
    const char* why;
  } cases[] = {
      {"attachment;filename=agenda.html", "agenda.html", "as RFC 8607 writes it"},
      {"attachment; filename=\"a \\\"b\\\"; c.txt\"", "a \"b\"; c.txt", "quoted"},
      {"attachment; filename=\"x.txt\"; filename*=UTF-8''%e2%82%ac%20rates.txt", "\xe2\x82\xac rates.txt", "RFC 6266"},
      {"attachment; filename*=iso-8859-1'en'%A3%20rates", "\xc2\xa3 rates", "RFC 8187"},
      {"attachment; FileName = a.txt ; x", "a.txt", "spaces and case"},
      {"attachment; filename=\"../../etc/passwd\"", "passwd", "no folders"},
      {"attachment; filename=\"C:\\\\a\\\\b.doc\"", "b.doc", "no folders of Windows"},
      {"attachment; filename=\"..\"", "", "no way up"},
      {"attachment; filename=\"a\x01\x7f\xc2\x85z\"", "az", "no control characters"},
      {"attachment; filename=\"\xfc.txt\"", "\xc3\xbc.txt", "Latin-1 as it comes"},
      {"attachment; filename=\"open", "open", "no end"},
      {"attachment", "", "none"},
      {"", "", "nothing"},
  };
  for (const auto& [value, expected, why] : cases) EXPECT_EQ(disposition_filename(value), expected) << why;
  EXPECT_EQ(disposition_filename("a;filename=" + std::string(1000, 'x')).size(), 200U);
}

TEST(HttpParameters, NamesComeBack) {
  for (const std::string name : {"agenda.html", "a \"b\" 100%.txt", "\xe2\x82\xac rates.txt"})
    EXPECT_EQ(disposition_filename(attachment_disposition(name)), name);
  EXPECT_EQ(attachment_disposition("agenda.html"), "attachment; filename=\"agenda.html\"");
  EXPECT_EQ(attachment_disposition(""), "attachment");
}

}  // namespace
}  // namespace kontor::wire::http
