// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/rule_list.h"

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class RuleListTest : public AccountsTest {
 protected:
  std::string change(const std::string& rules, Sending sending = Sending::yes) {
    const auto done = change_rules(*open(ada), as(ada), sending, [&](sieve::RuleList& list) -> Result<void> {
      TRY(const sieve::RuleList more, sieve::rules_of_json("{\"rules\": [" + rules + "]}"));
      list.rules.insert(list.rules.begin(), more.rules.begin(), more.rules.end());
      return {};
    });
    return done ? "ok" : done.error().text;
  }
  std::string keep_only(std::size_t count) {
    const auto done = change_rules(*open(ada), as(ada), Sending::yes, [&](sieve::RuleList& list) -> Result<void> {
      list.rules.erase(list.rules.begin(), list.rules.end() - static_cast<std::ptrdiff_t>(count));
      return {};
    });
    return done ? "ok" : done.error().text;
  }
  std::string rules() { return sieve::to_json(must(account_rules(*must(open(ada)->read(as(ada)))))); }
  std::string active() { return open(ada)->active_script().name; }
  void put(const std::string& name, const std::string& text, bool activate) {
    must(open(ada)->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY_VOID(t.put_script(name, text));
      return activate ? t.activate_script(name) : Result<void>();
    }));
  }
};

constexpr const char* kForward = R"({"kind":"forward","addresses":["cleo@example.com"],"keep":true})";
constexpr const char* kInclude = R"({"kind":"include","script":"mine"})";

TEST_F(RuleListTest, TheScriptThatWasActiveGoesOnBesideTheRules) {
  put("mine", "keep;", true);
  EXPECT_EQ(change(kForward), "ok");
  EXPECT_EQ(active(), sieve::kRulesScript);
  EXPECT_EQ(rules(), std::string("{\"rules\":[") + kForward + "," + kInclude + "]}");
  EXPECT_EQ(keep_only(1), "ok");
  EXPECT_EQ(active(), "mine") << "by itself again";
  EXPECT_EQ(rules(), "{\"rules\":[]}");
  EXPECT_EQ(change(kForward), "ok");
  put("other", "discard;", true);  // by another program
  EXPECT_EQ(active(), "other");
  EXPECT_EQ(change(""), "ok");
  EXPECT_EQ(active(), sieve::kRulesScript);
  EXPECT_EQ(rules(),
            std::string("{\"rules\":[") + kForward + "," + kInclude + R"(,{"kind":"include","script":"other"}]})");
  EXPECT_EQ(keep_only(0), "ok");
  EXPECT_EQ(active(), "");
  expect_sound();
}

TEST_F(RuleListTest, RulesThatCannotRunAreRefused) {
  EXPECT_EQ(change(kForward, Sending::no), "This server does not send mail for scripts.");
  EXPECT_EQ(active(), "");
  EXPECT_EQ(rules(), "{\"rules\":[]}");
  EXPECT_EQ(change(R"({"kind":"junk","always":["@example.net"]})", Sending::no), "ok");
  EXPECT_EQ(active(), sieve::kRulesScript);
  put(std::string(sieve::kRulesScript), "keep;", true);
  EXPECT_NE(change(kForward), "ok") << "somebody's own script is not written over";
  const auto others = change_rules(*open(ada), as(ben), Sending::yes, [](sieve::RuleList&) { return Result<void>(); });
  EXPECT_EQ(others.error().code, Errc::denied);
}

}  // namespace
}  // namespace kontor::groupware
