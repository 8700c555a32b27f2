// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/rules.h"

#include <gtest/gtest.h>

#include "formats/sieve/testing.h"

namespace kontor::sieve {
namespace {

RuleList rules_of(const std::string& json) {
  auto list = rules_of_json("{\"rules\": [" + json + "]}");
  if (!list) throw std::runtime_error(list.error().text);
  return *std::move(list);
}

constexpr const char* kRules[] = {
    R"({"kind":"forward","addresses":["cleo@example.com"],"keep":true})",
    R"({"kind":"forward","addresses":["cleo@example.com","dan@example.com"],"keep":false,"name":"To the other office"})",
    R"({"kind":"out_of_office","text":"I am \"away\".\nUntil \\ then."})",
    R"({"kind":"out_of_office","subject":"Away","text":"Ask Ben.","external_text":"Gone.","from":1699992000,"until":1700600000,"days":3})",
    R"({"kind":"out_of_office","text":"Ask Ben.","external_text":"","until":1700600000})",
    R"({"kind":"junk","never":["boss@example.net"],"always":["@spam.example","ad@example.com","@x.example"]})",
    R"({"kind":"junk","never":[],"always":[]})",
    R"({"kind":"filter","all":false,"stop":true,"conditions":[{"what":"from","values":["lists"]},{"what":"size_over","bytes":5000,"not":true},
        {"what":"header","field":"List-Id","how":"matches","values":["*x*","y?"]},{"what":"body","values":["z"]},{"what":"to","how":"is","values":["me@example.org"]}],
        "actions":[{"what":"copy","value":"A/B"},{"what":"flag","value":"\\Seen"},{"what":"file","value":"Ü \"q\""}]})",
    R"({"kind":"filter","conditions":[{"what":"subject","values":["no"]}],"actions":[{"what":"reject","value":"No."}]})",
    R"({"kind":"filter","stop":false,"conditions":[],"actions":[{"what":"forward","value":"x@example.com"}]})",
    R"({"kind":"filter","conditions":[{"what":"any"}],"actions":[{"what":"discard"}],"enabled":false})",
    R"({"kind":"include","script":"mine"})",
    R"({"kind":"sieve","text":"keep;\n# mine\n","name":"By hand"})",
    R"({"kind":"sieve","text":"keep;\n","enabled":false})",
};

TEST(SieveRules, EachIsASoundScriptThatReadsBackAsTheSameRule) {
  std::string all;
  for (const char* text : kRules) {
    const RuleList list = rules_of(text);
    const std::string script = print(list);
    EXPECT_EQ(faults_of(script), "") << script;
    const auto read = read_rules(script);
    ASSERT_TRUE(read) << script;
    EXPECT_EQ(*read, list) << script << to_json(*read);
    EXPECT_EQ(print(*read), script);
    auto again = rules_of_json(to_json(list));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, list);
    all += (all.empty() ? "" : ",") + std::string(text);
  }
  const RuleList list = rules_of(all);
  EXPECT_EQ(read_rules(print(list)), list);
  EXPECT_EQ(read_rules(with_crlf(print(list))), list) << "a client may change the line ends";
  EXPECT_EQ(faults_of(print(list)), "");
}

TEST(SieveRules, DoWhatTheySay) {
  constexpr const char* kMessage = "From: Lists <bea@example.net>\nTo: me@example.org\nSubject: one\n\nHello\n";
  struct Case {
    const char* rule;
    const char* outcome;
    const char* why;
  };
  const Case cases[] = {
      {kRules[0], "redirect \"cleo@example.com\"\nkeep (implicit)\n", "with a copy"},
      {kRules[1], "redirect \"cleo@example.com\"\nredirect \"dan@example.com\"\n", "without"},
      {kRules[3], "vacation to=\"sender@example.net\" subject=\"Away\" seconds=259200 \"Gone.\"\nkeep (implicit)\n",
       "the time is now, the sender outside"},
      {kRules[4], "keep (implicit)\n", "nothing for those outside"},
      {R"({"kind":"out_of_office","text":"x","from":1700000001})", "keep (implicit)\n", "not yet"},
      {R"({"kind":"out_of_office","text":"x","until":1700000000})", "keep (implicit)\n", "not any more"},
      {R"({"kind":"out_of_office","text":"x","from":1700000000,"until":1700000001})",
       "vacation to=\"sender@example.net\" seconds=604800 \"x\"\nkeep (implicit)\n", "just now"},
      {R"({"kind":"junk","never":[],"always":["@example.net"]})", "fileinto \"Junk\" use=\"\\\\Junk\" create\n",
       "junk"},
      {R"({"kind":"junk","never":["bea@example.net"],"always":["@example.net"]})", "keep (implicit)\n",
       "but not from her"},
      {R"({"kind":"filter","conditions":[{"what":"from","values":["lists"]},{"what":"subject","how":"is","values":["two"]}],
          "actions":[{"what":"file","value":"A"}]})",
       "keep (implicit)\n", "both are needed"},
      {R"({"kind":"filter","all":false,"conditions":[{"what":"from","values":["lists"]},{"what":"subject","how":"is","values":["two"]}],
          "actions":[{"what":"file","value":"A"},{"what":"flag","value":"\\Seen"}]})",
       "fileinto \"A\" create flags=(\\Seen)\n", "one will do"},
      {kRules[10], "keep (implicit)\n", "it is off"},
  };
  for (const Case& one : cases) {
    std::string script = print(rules_of(one.rule));
    Environment environment = test_environment();
    environment.item = [](std::string_view item) -> std::optional<std::string> {
      if (item == "vnd.kontor.sender") return "external";
      return std::nullopt;
    };
    EXPECT_EQ(outcome_of(script, kMessage, environment), one.outcome) << one.why << "\n" << script;
  }
}

TEST(SieveRules, WhatIsChangedByHandStays) {
  std::string script = print(rules_of(std::string(kRules[0]) + "," + kRules[11]));
  script.replace(script.find("redirect :copy \"cleo"), 15, "redirect ");  // no copy any more
  const auto at = script.find("\n# rule {\"kind\":\"include\"");
  ASSERT_NE(at, std::string::npos);
  script.insert(at + 1, "require \"variables\";\nset \"a\" \"b\";\n");
  const auto read = read_rules(script);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->rules.size(), 3U);
  EXPECT_EQ(std::get<TextRule>(read->rules[0].what).text, "redirect \"cleo@example.com\";\n");
  EXPECT_EQ(std::get<TextRule>(read->rules[1].what).text, "set \"a\" \"b\";\n");
  EXPECT_EQ(std::get<IncludeRule>(read->rules[2].what).script, "mine");
  EXPECT_EQ(read->requires_more, (std::vector<std::string>{"copy", "variables"}));
  EXPECT_EQ(read_rules(print(*read)), read);
  EXPECT_EQ(faults_of(print(*read)), "");
}

TEST(SieveRules, LineEndsOfTextsDoNotMatter) {
  const RuleList list = rules_of(R"({"kind":"out_of_office","text":"One.\r\nTwo."})");
  EXPECT_EQ(std::get<OutOfOfficeRule>(list.rules[0].what).text, "One.\nTwo.");
  EXPECT_EQ(read_rules(print(list)), list);
}

TEST(SieveRules, OthersScriptsAreNone) {
  for (const char* script : {"", "keep;", "# Kontor rules 2\nkeep;", "# Kontor rules 1\nkeep", "require \"fileinto\";"})
    EXPECT_FALSE(read_rules(script)) << script;
  EXPECT_EQ(read_rules("# Kontor rules 1"), RuleList());
}

TEST(SieveRules, WhatMakesNoSenseIsRefused) {
  const char* const kWrong[] = {
      R"({"kind":"forward","addresses":[]})",
      R"({"kind":"forward","addresses":["nobody"]})",
      R"({"kind":"forward","addresses":"cleo@example.com"})",
      R"({"kind":"out_of_office","text":""})",
      R"({"kind":"out_of_office","text":"x","days":0})",
      R"({"kind":"out_of_office","text":"x","days":-1})",
      R"({"kind":"out_of_office","text":"x","from":2,"until":1})",
      R"({"kind":"junk","always":["example.com"]})",
      R"({"kind":"filter","conditions":[{"what":"from"}],"actions":[{"what":"discard"}]})",
      R"({"kind":"filter","conditions":[{"what":"header","values":["x"]}],"actions":[{"what":"discard"}]})",
      R"({"kind":"filter","conditions":[{"what":"moon"}],"actions":[{"what":"discard"}]})",
      R"({"kind":"filter","actions":[{"what":"file"}]})",
      R"({"kind":"include","script":"Kontor rules"})",
      R"({"kind":"sieve","text":"keep;\n# end\n"})",
      R"({"kind":"sieve","text":"keep;"})",
      R"({"kind":"out_of_office","text":"Away.\n# end\nReally."})",
      R"({"kind":"else"})",
      R"("text")",
  };
  for (const char* text : kWrong) EXPECT_FALSE(rules_of_json("{\"rules\": [" + std::string(text) + "]}")) << text;
}

}  // namespace
}  // namespace kontor::sieve
