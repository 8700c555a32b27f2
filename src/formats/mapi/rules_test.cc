// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"

namespace kontor::mapi {
namespace {

constexpr std::uint32_t kFirstName = 0x8000;

// A document with one rule, of a condition and actions in the grammar's own words.
std::string rules_xml(const std::string& condition, const std::string& actions, int state = 1) {
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?><tableData xmlns:SOAP-ENC="x" SOAP-ENC:arrayType="propVal[][1]"><item>)"
      R"(<item><ulPropTag>1719009283</ulPropTag><ul>3</ul></item><item><ulPropTag>1719074819</ulPropTag><ul>{}</ul></item>)"
      R"(<item><ulPropTag>1719206141</ulPropTag><res>{}</res></item>)"
      R"(<item SOAP-ENC:position="[5]"><ulPropTag>1719664894</ulPropTag><actions>{}</actions></item>)"
      R"(<item><ulPropTag>1719795743</ulPropTag><lpszA>Büro</lpszA></item></item></tableData>)",
      state, condition, actions);
}

std::string tag_text(std::uint32_t id, std::uint32_t type) { return std::to_string(id << 16U | type); }
std::string content(std::uint32_t id, const std::string& text, std::uint32_t how = 65537) {
  return fmt::format(
      "<ulType>3</ulType><lpContent><ulFuzzyLevel>{}</ulFuzzyLevel><ulPropTag>{}</ulPropTag><lpProp>"
      "<ulPropTag>{}</ulPropTag><lpszA>{}</lpszA></lpProp></lpContent>",
      how, tag_text(id, 0x1f), tag_text(id, 0x1f), text);
}
std::string property(std::uint32_t id, std::uint32_t type, const std::string& value, int relation = 4) {
  return fmt::format(
      "<ulType>4</ulType><lpProp><ulType>{}</ulType><ulPropTag>{}</ulPropTag><lpProp><ulPropTag>{}"
      "</ulPropTag>{}</lpProp></lpProp>",
      relation, tag_text(id, type), tag_text(id, type), value);
}
std::string number(std::uint32_t id, long value, int relation = 4) {
  return property(id, 3, fmt::format("<ul>{}</ul>", value), relation);
}
std::string all_of(std::initializer_list<std::string> parts) {
  std::string out = "<ulType>0</ulType><lpAnd>";
  for (const auto& part : parts) out += "<item>" + part + "</item>";
  return out + "</lpAnd>";
}
std::string any_of(std::initializer_list<std::string> parts) {
  std::string out = "<ulType>1</ulType><lpOr>";
  for (const auto& part : parts) out += "<item>" + part + "</item>";
  return out + "</lpOr>";
}
std::string not_(const std::string& part) { return "<ulType>2</ulType><lpNot><lpNot>" + part + "</lpNot></lpNot>"; }
std::string bits(std::uint32_t mask, int type) {
  return fmt::format(
      "<ulType>6</ulType><lpBitmask><ulMask>{}</ulMask><ulPropTag>{}</ulPropTag><ulType>{}</ulType>"
      "</lpBitmask>",
      mask, tag_text(0x0E07, 3), type);
}
std::string exists(std::uint32_t id) {
  return fmt::format("<ulType>8</ulType><lpExist><ulPropTag>{}</ulPropTag></lpExist>", tag_text(id, 0x1f));
}
std::string recipients(const std::string& part) {
  return "<ulType>9</ulType><lpSub><ulSubObject>236060685</ulSubObject><lpSubObject>" + part + "</lpSubObject></lpSub>";
}

const std::string kMove =
    "<item><acttype>1</acttype><flavor>0</flavor><moveCopy><store>c3RvcmU=</store><folder>Zm9sZGVy</folder></moveCopy>"
    "</item>";
const std::string kRead = "<item><acttype>11</acttype></item>";
const std::string kDelete = "<item><acttype>10</acttype></item>";

std::string forward(int flavour, const std::string& address) {
  return fmt::format(
      "<item><acttype>7</acttype><flavor>{}</flavor><adrlist><item><item><ulPropTag>972947487</ulPropTag>"
      "<lpszA>{}</lpszA></item></item></adrlist></item>",
      flavour, address);
}

RuleWorld sample_world() {
  RuleWorld world;
  world.folder_of = [](std::string_view store, std::string_view folder) -> std::optional<std::string> {
    if (store != "store" || folder != "folder") return std::nullopt;
    return "Projects \"A\"";
  };
  world.own_addresses = {"ada@example.org", "a@example.org"};
  return world;
}

CarriedRule carried(const std::string& condition, const std::string& actions, int state = 1) {
  const auto rules = parse_rules_xml(rules_xml(condition, actions, state), nullptr);
  if (!rules) throw std::runtime_error(rules.error().text);
  EXPECT_EQ(rules->size(), 1u);
  return carry_rule(rules->front(), sample_world());
}

// The test that the rule's script makes.
std::string script_of(const CarriedRule& carried) {
  if (!carried.rule) return "(" + (carried.losses.empty() ? "" : carried.losses.front()) + ")";
  const std::string script = sieve::print({{*carried.rule}, carried.requires_more});
  const auto begin = script.find("if ");
  const auto end = script.find(" {", begin);
  return begin == std::string::npos ? script : script.substr(begin + 3, end - begin - 3);
}

TEST(Rules, conditions_become_tests) {
  struct Case {
    std::string condition, expected;
  };
  const std::string kBoss =
      property(0x0C1D, 0x102, "<bin>" + to_base64(std::string("SMTP:BOSS@EXAMPLE.COM\0", 22)) + "</bin>");
  for (const auto& [condition, expected] : {
           Case{content(0x37, "[list]"), R"(header :contains "subject" "[list]")"},
           {content(0x37, "Status", 65536), R"(header :is "subject" "Status")"},
           {content(0x37, "Re*", 65538), R"(header :matches "subject" "Re\\**")"},
           {all_of({content(0x37, "Rechnung"), content(0x1000, "dringend")}),
            "allof (header :contains \"subject\" \"Rechnung\",\n  body :text :contains \"dringend\")"},
           {any_of({content(0x37, "a"), not_(content(0x37, "b"))}),
            "anyof (header :contains \"subject\" \"a\",\n  not header :contains \"subject\" \"b\")"},
           {kBoss, R"(address :is "from" "boss@example.com")"},
           {any_of({kBoss, number(0x17, 2)}),
            R"(anyof (address :is "from" "boss@example.com", anyof (header :is "importance" "high", )"
            R"(header :matches "x-priority" ["1*", "2*"])))"},
           {number(0x0E08, 100000, 2), "size :over 100000"},
           {number(0x0E08, 100000, 3), "size :over 99999"},
           {number(0x0E08, 100000, 0), "size :under 100000"},
           {number(0x0E08, 100000, 1), "size :under 100001"},
           {number(0x36, 2), R"(header :is "sensitivity" "private")"},
           {number(0x36, 2, 5), R"(not header :is "sensitivity" "private")"},
           {bits(0x10, 1), R"(header :mime :anychild :contains "content-disposition" "attachment")"},
           {bits(0x10, 0), R"(not header :mime :anychild :contains "content-disposition" "attachment")"},
           {all_of({bits(0x10, 1), exists(0x1035)}),
            R"(allof (header :mime :anychild :contains "content-disposition" "attachment", exists "message-id"))"},
           {recipients(all_of({number(0x0C15, 2), content(0x39FE, "team@")})), R"(header :contains "cc" "team@")"},
           {recipients(content(0x39FE, "team@")), R"(header :contains ["to", "cc"] "team@")"},
           {property(0x57, 0xb, "<b>true</b>"), R"(address :is "to" ["ada@example.org", "a@example.org"])"},
           {property(0x59, 0xb, "<b>true</b>"), R"(address :is ["to", "cc"] ["ada@example.org", "a@example.org"])"},
           {content(0x0E04, ";"), R"(address :count "gt" :comparator "i;ascii-numeric" "to" "1")"},
           {content(0x7D, "List-Id: &lt;kontor"), R"(header :contains "List-Id" "<kontor")"},
           {content(0x7D, "List-Id:"), R"(exists "List-Id")"},
           {content(0x1A, "IPM.Schedule.Meeting", 2),
            R"(header :mime :anychild :contenttype :is "content-type" "text/calendar")"},
           {property(0x0E06, 0x40, "<hilo><hi>31000000</hi><lo>0</lo></hilo>", 2),
            R"(currentdate :zone "+0000" :value "gt" "iso8601" "2022-12-01T20:03:37")"},
       }) {
    const auto rule = carried(condition, kMove);
    const std::string script = script_of(rule);
    EXPECT_EQ(script, expected);
    EXPECT_TRUE(sieve::rules_of_json(sieve::to_json({{*rule.rule}, rule.requires_more}))) << expected;
  }
}

TEST(Rules, conditions_that_no_script_can_ask_are_named) {
  for (const auto& condition :
       {content(0x7D, "somewhere"), number(0x1090, 2), bits(0x20, 1), exists(0x3FE3),
        recipients(all_of({number(0x0C15, 3), content(0x39FE, "x")})), content(0x1A, "IPM.Note.Special", 65536),
        // A search key that is no text.
        property(0x0C1D, 0x102, "<bin>U01UUDr//g==</bin>"),
        std::string("<ulType>5</ulType><lpCompare><ulPropTag1>3604511</ulPropTag1><ulPropTag2>3604511</ulPropTag2>"
                    "</lpCompare>"),
        // One that it can in the same "or" does not make it right.
        any_of({content(0x37, "x"), number(0x1090, 2)})}) {
    const auto rule = carried(condition, kMove);
    EXPECT_FALSE(rule.rule) << condition;
    ASSERT_EQ(rule.losses.size(), 1u);
    EXPECT_TRUE(rule.losses[0].starts_with("It did not come along: ")) << rule.losses[0];
  }
}

TEST(Rules, actions) {
  using What = sieve::FilterAction::What;
  const std::string any = exists(0x1A);
  const auto filter_of_rule = [](const CarriedRule& one) { return std::get<sieve::FilterRule>(one.rule->what); };
  const auto moved = carried(any, kMove);
  EXPECT_EQ(moved.rule->name, "Büro");
  EXPECT_TRUE(filter_of_rule(moved).conditions.empty()) << "every message has a class";
  const std::string all_sizes = property(0x0E08, 0x14, "<li>9223372036854775807</li>", 1);
  EXPECT_TRUE(filter_of_rule(carried(all_sizes, kMove)).conditions.empty()) << "no message is larger";
  EXPECT_EQ(filter_of_rule(moved).actions, (std::vector<sieve::FilterAction>{{What::file, "Projects \"A\""}}));
  EXPECT_TRUE(filter_of_rule(moved).stops) << "what was moved is seen by no further rule";
  const auto read = carried(any, kRead);
  EXPECT_EQ(filter_of_rule(read).actions, (std::vector<sieve::FilterAction>{{What::flag, "\\Seen"}}));
  EXPECT_FALSE(filter_of_rule(read).stops);
  EXPECT_TRUE(filter_of_rule(carried(any, kRead, 0x11)).stops);
  EXPECT_TRUE(filter_of_rule(carried(any, "", 0x11)).stops) << "stopping is something";
  EXPECT_EQ(filter_of_rule(carried(any, kDelete)).actions, (std::vector<sieve::FilterAction>{{What::discard, ""}}));
  const auto redirected = carried(any, forward(3, "ken@example.jp"));
  EXPECT_EQ(filter_of_rule(redirected).actions, (std::vector<sieve::FilterAction>{{What::forward, "ken@example.jp"}}));
  EXPECT_TRUE(redirected.losses.empty());
  EXPECT_EQ(carried(any, forward(0, "ken@example.jp")).losses.size(), 1u) << "a new message there, the same one here";
  EXPECT_EQ(carried(any, forward(4, "ken@example.jp")).losses.size(), 1u) << "as attachment there";
  const auto nobody = carried(any, forward(3, "ken") + kRead);
  EXPECT_EQ(filter_of_rule(nobody).actions.size(), 1u);
  EXPECT_EQ(nobody.losses.size(), 1u);
  EXPECT_FALSE(carried(any, forward(3, "ken")).rule) << "nothing is left that it does";
  const auto reply = carried(any, "<item><acttype>3</acttype></item>" + kMove);
  EXPECT_TRUE(reply.rule);
  EXPECT_EQ(reply.losses.size(), 1u);
  EXPECT_FALSE(carried(any, "<item><acttype>1</acttype><moveCopy><store>eA==</store></moveCopy></item>").rule);
}

TEST(Rules, states) {
  const std::string any = exists(0x1A);
  EXPECT_TRUE(carried(any, kMove, 1).rule->is_enabled);
  EXPECT_FALSE(carried(any, kMove, 0).rule->is_enabled);
  EXPECT_EQ(carried(bits(0x10, 1), kMove, 0).requires_more, carried(bits(0x10, 1), kMove, 1).requires_more);
  const auto away = carried(any, kMove, 5);
  EXPECT_FALSE(away.rule->is_enabled);
  EXPECT_EQ(away.losses.size(), 1u);
  auto rules = parse_rules_xml(rules_xml(any, kMove), nullptr);
  rules->front().condition.reset();
  EXPECT_FALSE(carry_rule(rules->front(), sample_world()).rule) << "such a rule does nothing at the source";
  EXPECT_FALSE(rules->front().is_delegation());
  EXPECT_TRUE(parse_rules_xml(rules_xml(any, "<item><acttype>8</acttype></item>"), nullptr)->front().is_delegation());
}

TEST(Rules, named_properties_have_names_and_references_are_followed) {
  const std::string named =
      fmt::format("<ulType>8</ulType><lpExist><ulPropTag>{}</ulPropTag></lpExist>", tag_text(0x8502, 0x1f));
  const auto xml = rules_xml(named, kMove);
  const auto unknown = parse_rules_xml(xml, nullptr);
  ASSERT_TRUE(unknown);
  const auto left = carry_rule(unknown->front(), sample_world());
  EXPECT_FALSE(left.rule) << "nobody knows what it is about";
  EXPECT_EQ(left.losses.size(), 1u) << "the other rules are still rules";
  const auto rules = parse_rules_xml(xml, [](std::uint32_t id) -> std::optional<Properties::Key> {
    EXPECT_GE(id, kFirstName);
    return Properties::Key{0, Guid::of(1, 2, 3, 4), "x"};
  });
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->front().condition->property.name, "x");
  const std::string referred =
      "<a><item><item><ulPropTag>1719795743</ulPropTag><lpszA href=\"#n\"/></item></item><n:b id=\"n\">there</n:b></a>";
  const auto other = parse_rules_xml(referred, nullptr);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->front().name, "there");
}

TEST(Rules, references_do_not_multiply) {
  const auto many = [](const std::string& one) {
    std::string out;
    for (int i = 0; i < 400; ++i) out += one;
    return out;
  };
  const std::string action = "</r><p id=\"p\"><ulPropTag>1719664894</ulPropTag><actions>";
  const std::string xml = "<a>" + many("<b href=\"#r\"/>") + "<r id=\"r\">" + many("<b href=\"#p\"/>") + action +
                          many("<b href=\"#x\"/>") + "</actions></p><x id=\"x\"><adrlist>" + many("<b/>") +
                          "</adrlist></x></a>";
  const auto rules = parse_rules_xml(xml, nullptr);
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().code, Errc::too_large);
}

TEST(Rules, what_is_no_such_xml_is_refused) {
  std::string deep = exists(0x1A);
  for (int i = 0; i < 60; ++i) deep = not_(deep);
  for (const auto& xml : {std::string(), std::string("garbage"), std::string("<a><b></a>"), rules_xml(deep, kMove),
                          std::string("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>")})
    EXPECT_FALSE(parse_rules_xml(xml, nullptr)) << xml.substr(0, 60);
  for (const char* condition : {"<ulType>77</ulType>", "<ulType>3</ulType>"})
    EXPECT_FALSE(carried(condition, kMove).rule) << condition;
}

TEST(Searches, criteria_become_filters) {
  const auto search = parse_search_xml(
      "<SearchCriteria><lpRestrict>" + bits(1, 0) +
          "</lpRestrict><lpFolders><item>Zm9sZGVy</item></lpFolders><ulFlags>6</ulFlags></SearchCriteria>",
      nullptr);
  ASSERT_TRUE(search);
  EXPECT_EQ(search->folders, std::vector<std::string>{"folder"});
  EXPECT_TRUE(search->is_deep);
  struct Case {
    std::string condition, expected;
  };
  for (const auto& [condition, expected] :
       {Case{bits(1, 0), R"({"notKeyword":"$seen"})"},
        {all_of({content(0x37, "a"), content(0x0C1A, "b")}),
         R"({"operator":"AND","conditions":[{"subject":"a"},{"from":"b"}]})"},
        {not_(number(0x0E08, 10, 2)), R"({"operator":"NOT","conditions":[{"minSize":11}]})"},
        {recipients(content(0x39FE, "x")), R"({"operator":"OR","conditions":[{"to":"x"},{"cc":"x"},{"bcc":"x"}]})"},
        {number(0x1090, 2), R"({"hasKeyword":"$flagged"})"},
        {property(0x0C1F, 0x102, "<bin>//4=</bin>"), ""},
        {exists(0x3FE3), ""}}) {
    const auto parsed = parse_search_xml("<S><lpRestrict>" + condition + "</lpRestrict></S>", nullptr);
    ASSERT_TRUE(parsed && parsed->condition) << condition;
    std::string why;
    EXPECT_EQ(filter_of(*parsed->condition, why).value_or(""), expected);
    EXPECT_EQ(why.empty(), !expected.empty());
  }
}

}  // namespace
}  // namespace kontor::mapi
