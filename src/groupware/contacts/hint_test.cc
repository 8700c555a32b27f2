// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "groupware/contacts/query.h"

namespace kontor::groupware {
namespace {

TEST(CardHint, RulesOutWhatCannotMatch) {
  const auto may = [](CardQuery query, std::string_view lines) {
    return hint_of(query).may_be_in(fmt::format("BEGIN:VCARD\r\nVERSION:3.0\r\n{}END:VCARD\r\n", lines));
  };
  const CardText ann{.text = "ann"}, bob{.text = "bob"};
  const CardProperty name{.name = "FN", .texts = {ann}}, mail{.name = "EMAIL", .texts = {bob}};
  EXPECT_TRUE(may({.properties = {name}}, "FN:Ann\r\n"));
  EXPECT_FALSE(may({.properties = {name}}, "FN:Bob\r\n"));
  EXPECT_TRUE(may({.properties = {name, mail}}, "FN:Ann\r\n")) << "one of two";
  EXPECT_FALSE(may({.needs_all = true, .properties = {name, mail}}, "FN:Ann\r\n")) << "both";
  EXPECT_FALSE(may({.properties = {name, mail}}, "FN:Cid\r\n"));
  const CardProperty unnamed{.name = "FN", .texts = {{.text = "ann", .is_negated = true}}},
      none{.name = "FN", .is_absent = true};
  EXPECT_TRUE(may({.properties = {unnamed}}, "FN:Cid\r\n"));
  EXPECT_TRUE(may({.properties = {none}}, ""));
  EXPECT_TRUE(may({.properties = {{.name = "VERSION", .texts = {{.text = "3.0"}}}}}, "")) << "as it reads";
  EXPECT_TRUE(may({}, "FN:Cid\r\n")) << "every card";
}

// Cards and queries at random, of few values: whatever matches when it is read may match by its bytes.
TEST(CardHint, NothingIsMissed) {
  std::mt19937 random(5);
  const auto pick = [&](std::size_t most) { return random() % most; };
  constexpr std::string_view kNames[] = {"FN", "N", "EMAIL", "NOTE", "VERSION", "X-ONE", "ORG", "TEL"};
  constexpr std::string_view kValues[] = {"Ann Smith",
                                          "Smith;Ann;Mary;Dr.;",
                                          "an\r\n n@example.org",
                                          "J\xC3\xB6rg\\, junior",
                                          "line\\nbreak",
                                          ";;;;",
                                          "3.0",
                                          "=41nn",
                                          "Stra\xC3\x9F\r\n\te"};
  constexpr std::string_view kTexts[] = {
      "ann", "Ann Smith", "Dr. Ann Mary Smith", "j\xC3\x96RG", "jorg", "g, ju", "e\nb", ";;",
      "3.0", "4.0",       "stra\xC3\x9F",       "nobody",      "",     "@"};
  constexpr Collation kCollations[] = {Collation::octet, Collation::ascii_casemap, Collation::unicode_casemap};
  int matching = 0, ruled_out = 0;
  for (int i = 0; i < 20'000; ++i) {
    static constexpr std::string_view kVersions[] = {"VERSION:3.0\r\n", "VERSION:4.0\r\n", "VERSION:2.1\r\n", ""};
    std::string bytes = "BEGIN:VCARD\r\n" + std::string(kVersions[pick(4)]);
    for (std::size_t lines = pick(4); lines > 0; --lines)
      bytes += fmt::format("{}{}:{}\r\n", kNames[pick(std::size(kNames))],
                           pick(12) == 0   ? ";ENCODING=QUOTED-PRINTABLE"
                           : pick(12) == 0 ? ";CHARSET=ISO-8859-1"
                                           : "",
                           kValues[pick(std::size(kValues))]);
    bytes += "END:VCARD\r\n";
    CardQuery query{.needs_all = pick(2) == 0, .properties = {}};
    for (std::size_t count = 1 + pick(2); count > 0; --count) {
      CardProperty property{
          .name = std::string(kNames[pick(std::size(kNames))]), .is_absent = pick(15) == 0, .needs_all = pick(2) == 0};
      for (std::size_t texts = pick(3); texts > 0; --texts)
        property.texts.push_back({.text = std::string(kTexts[pick(std::size(kTexts))]),
                                  .how = static_cast<CardText::How>(pick(4)),
                                  .collation = kCollations[pick(3)],
                                  .is_negated = pick(6) == 0});
      if (pick(6) == 0) property.parameters.push_back({.name = "TYPE", .is_absent = pick(2) == 0});
      query.properties.push_back(std::move(property));
    }
    const bool may = hint_of(query).may_be_in(bytes);
    const auto read = vcard::read(bytes);
    const bool is_match = read && CardMatcher::make(query).value().matches(read->cards.front());
    EXPECT_TRUE(may || !is_match) << bytes << fmt::format("{} {}", query.needs_all, query.properties.front().name);
    matching += is_match ? 1 : 0;
    ruled_out += may ? 0 : 1;
  }
  EXPECT_GT(matching, 2'000);
  EXPECT_GT(ruled_out, 2'000);
}

}  // namespace
}  // namespace kontor::groupware
